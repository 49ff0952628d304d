using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Storage;

namespace LayerStream.Actors.Kept;

/// <summary>Names of kept states: 16 bytes of a SHA-256 over all that their bits depend on.</summary>
internal static class StateNames
{
    private const int NameBytes = 16;
    private const int MostSamples = 64; // tensors whose first bytes are part of a model's name

    /// <summary>
    /// Name of a model as it computes here: its files, as they are open; the first bytes of some of its tensors; the options that change a
    /// bit of a state; and the code that computes it.
    /// </summary>
    /// <param name="spec">The model.</param>
    /// <param name="settings">The options that change a bit of a state.</param>
    /// <param name="device">The model's files.</param>
    /// <param name="staging">Buffer of at least two <see cref="ExtentWindow.Alignment"/>.</param>
    /// <exception cref="FlashReadException">A tensor could not be read.</exception>
    internal static UInt128 OfModel(ModelSpec spec, string settings, IFlashDevice device, AlignedBuffer staging)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(
            $"{typeof(VectorOps).Module.ModuleVersionId} {typeof(SequenceState).Module.ModuleVersionId} {settings}\n"));
        for (int file = 0; file < device.Files.Count; file++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{device.Stamp(file)}\n"));
        }

        TensorInfo[] tensors = [.. spec.Tensors];
        for (int i = 0; i < tensors.Length; i += Math.Max(1, tensors.Length / MostSamples))
        {
            Extent begin = tensors[i].Extent with { Length = Math.Min(tensors[i].Extent.Length, ExtentWindow.Alignment) };
            if (PayloadRead.Fill(device, begin, staging.Address, out _) is { } error)
            {
                throw error;
            }

            hash.AppendData(staging.Bytes(begin.Window.PayloadOffset, (int)begin.Length));
        }

        return Name(hash.GetHashAndReset());
    }

    /// <summary>Name of whoever asks; the name says nothing of a key.</summary>
    internal static UInt128 OfScope(string scope) => Name(SHA256.HashData(Encoding.UTF8.GetBytes($"scope\n{scope}")));

    /// <summary>Name of what stands in front of every prompt of a model and whoever asks.</summary>
    internal static UInt128 Root(UInt128 model, UInt128 scope) => OfTokens(model ^ UInt128.MaxValue, [(int)(uint)scope,
        (int)(uint)(scope >> 32), (int)(uint)(scope >> 64), (int)(uint)(scope >> 96)]);

    /// <summary>Name of tokens behind a parent.</summary>
    internal static UInt128 OfTokens(UInt128 parent, IReadOnlyList<int> tokens)
    {
        byte[] bytes = new byte[NameBytes + (tokens.Count * sizeof(int))];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, parent);
        for (int i = 0; i < tokens.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(NameBytes + (i * sizeof(int))), tokens[i]);
        }

        return Name(SHA256.HashData(bytes));
    }

    private static UInt128 Name(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);
}
