using System.Buffers.Binary;

namespace LayerStream.Formats;

/// <summary>What a file that is no GGUF file looks like by its first bytes, and the way to a model from there.</summary>
internal static class ForeignFormat
{
    /// <summary>Bytes that <see cref="Describe"/> looks at.</summary>
    internal const int HeadBytes = 16;

    private const string Convert = "convert the model to GGUF, or get it as GGUF";
    private const string Download = "download the model by the link of the file itself; a private model may want a token";
    private const string Unpack = "unpack it and give the .gguf file in it";

    private static readonly (byte[] Begin, string What, string Way)[] s_rows =
    [
        ("version "u8.ToArray(), "a Git LFS pointer", "fetch the real file with 'git lfs pull' or download it"),
        ("FUGG"u8.ToArray(), "one in big-endian order", "get the little-endian version of the model"),
        ("tjgg"u8.ToArray(), "a GGML file of 2023", Convert),
        ("fmgg"u8.ToArray(), "a GGML file of 2023", Convert),
        ("lmgg"u8.ToArray(), "a GGML file of 2023", Convert),
        ("algg"u8.ToArray(), "a GGML adapter of 2023", Convert),
        ("PK\x3\x4"u8.ToArray(), "a zip archive, which PyTorch checkpoints are too", $"{Unpack}, or {Convert}"),
        ([0x80, 0x02], "a Python pickle, which old PyTorch checkpoints are", Convert),
        ([0x1F, 0x8B], "a file packed by gzip", Unpack),
        ([0x28, 0xB5, 0x2F, 0xFD], "a file packed by zstd", Unpack),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "a file packed by xz", Unpack),
        ("BZh"u8.ToArray(), "a file packed by bzip2", Unpack),
        ([0x37, 0x7A, 0xBC, 0xAF], "a 7z archive", Unpack),
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file", Convert),
        ("<!DOCTYPE"u8.ToArray(), "a web page", Download),
        ("<!doctype"u8.ToArray(), "a web page", Download),
        ("<html"u8.ToArray(), "a web page", Download),
        ("<?xml"u8.ToArray(), "an XML file, which storage services send as an error", "look into it, and download the model again"),
        ("{"u8.ToArray(), "a JSON file", "give the .gguf file beside it; a JSON file where a model was downloaded is an error message"),
    ];

    /// <summary>A sentence about a file that begins so; null for GGUF.</summary>
    internal static string? Describe(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("GGUF"u8))
        {
            return null;
        }

        foreach ((byte[] begin, string what, string way) in s_rows)
        {
            if (head.StartsWith(begin))
            {
                return $"This is not a GGUF file but, by its first bytes, {what}: {way}.";
            }
        }

        // A length of JSON, then the JSON.
        if (head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) is > 1 and < 1UL << 32)
        {
            return $"This is not a GGUF file but, by its first bytes, a safetensors file: {Convert}.";
        }

        return head.ContainsAnyExcept((byte)0) ? "This is not a GGUF file. Give a .gguf model, or convert the model to GGUF."
            : "This is not a GGUF file: it begins with zeros, as a download does that has not ended. Let it end, or start it again.";
    }
}
