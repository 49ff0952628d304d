using System.Buffers.Binary;
using LayerStream.Memory;
using LayerStream.Storage;
using LayerStream.Storage.Blocks;

namespace LayerStream.Actors.Kept;

/// <summary>The file in which an engine leaves the experts it had in memory: described by the model's name, bank and expert of each as two
/// int32.</summary>
internal static class ExpertsFile
{
    /// <summary>Name of the file in a model's folder.</summary>
    internal const string Name = "experts";

    private const int ExpertBytes = 2 * sizeof(int);

    /// <summary>Writes the file.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal static void Write(string folder, UInt128 model, IReadOnlyList<HotExpert> experts, AlignedBuffer staging)
    {
        byte[] bytes = new byte[ExpertBytes * experts.Count];
        for (int i = 0; i < experts.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * ExpertBytes), experts[i].Bank);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan((i * ExpertBytes) + sizeof(int)), experts[i].Expert);
        }

        BlockFileWriter.Write(Path.Combine(folder, Name), Described(model), bytes.Length, staging, (offset, block) =>
        {
            bytes.AsSpan((int)offset, block.Length).CopyTo(block);
            return true;
        });
    }

    /// <summary>Reads the file; empty when there is none of this model that is whole.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="banks">Experts of each bank.</param>
    /// <param name="staging">Buffer of <see cref="BlockFileFormat.StagingBytes"/>.</param>
    internal static IReadOnlyList<HotExpert> Read(string folder, UInt128 model, int[] banks, AlignedBuffer staging)
    {
        List<HotExpert> experts = [];
        string path = Path.Combine(folder, Name);
        try
        {
            using BlockFileReader? file = File.Exists(path) ? BlockFileReader.Open(path, staging) : null;
            if (file is null || !file.Description.SequenceEqual(Described(model)))
            {
                return [];
            }

            file.Read(staging, (_, block) => Add(block, banks, experts));
            return experts;
        }
        catch (Exception e) when (e is BlockFileException or FlashReadException)
        {
            return []; // written anew by the next sequence
        }
    }

    private static void Add(ReadOnlySpan<byte> block, int[] banks, List<HotExpert> experts)
    {
        for (; block.Length >= ExpertBytes; block = block[ExpertBytes..])
        {
            HotExpert expert = new(BinaryPrimitives.ReadInt32LittleEndian(block),
                BinaryPrimitives.ReadInt32LittleEndian(block[sizeof(int)..]));
            if ((uint)expert.Bank < (uint)banks.Length && (uint)expert.Expert < (uint)banks[expert.Bank])
            {
                experts.Add(expert);
            }
        }
    }

    private static byte[] Described(UInt128 model)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, model);
        return bytes;
    }
}
