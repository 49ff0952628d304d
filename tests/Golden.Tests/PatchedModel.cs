using System.Buffers.Binary;
using System.Text;

namespace LayerStream.Golden.Tests;

/// <summary>A copy of a case's file with some bytes changed, gone when disposed.</summary>
internal sealed class PatchedModel : IDisposable
{
    private PatchedModel(byte[] bytes)
    {
        Path = System.IO.Path.GetTempFileName();
        File.WriteAllBytes(Path, bytes);
    }

    internal string Path { get; }

    /// <summary>Replaces every text that is stored with its length by another of the same length.</summary>
    internal static PatchedModel Replace(GoldenCase golden, string text, string by)
    {
        byte[] bytes = File.ReadAllBytes(golden.Model);
        byte[] from = Stored(text), to = Stored(by);
        if (from.Length != to.Length || bytes.AsSpan().IndexOf(from) < 0)
        {
            throw new ArgumentException($"'{text}' is not in {golden.Name}, or '{by}' is of another length", nameof(text));
        }

        for (int at; (at = bytes.AsSpan().IndexOf(from)) >= 0;)
        {
            to.CopyTo(bytes, at);
        }

        return new PatchedModel(bytes);
    }

    /// <summary>Sets keys that hold 32-bit integers.</summary>
    internal static PatchedModel Set(GoldenCase golden, params (string Key, int Value)[] values)
    {
        byte[] bytes = File.ReadAllBytes(golden.Model);
        foreach ((string key, int value) in values)
        {
            byte[] stored = Stored(key);
            int at = bytes.AsSpan().IndexOf(stored);
            int type = at < 0 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + stored.Length));
            if (type is not (4 or 5)) // UINT32, INT32
            {
                throw new ArgumentException($"{golden.Name} has no integer {key}", nameof(values));
            }

            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + stored.Length), 5);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + stored.Length + 4), value);
        }

        return new PatchedModel(bytes);
    }

    public void Dispose() => File.Delete(Path);

    private static byte[] Stored(string text) => [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(text)),
        .. Encoding.UTF8.GetBytes(text)];
}
