using LayerStream.Formats;
using LayerStream.Storage;
using LayerStream.Storage.Sums;

namespace LayerStream.Host.Verbs;

/// <summary>Whole-file digests that came with the model: a <c>SHA256SUMS</c> file in its folder, as sha256sum writes it.</summary>
internal static class PublishedDigests
{
    private const string FileName = "SHA256SUMS";
    private const int DigestDigits = 64;
    private const int MostBytes = 1 << 20;

    /// <summary>Compares every file of the model that the list names; a difference keeps the checksums from being recorded.</summary>
    public static void Check(GgufModel model, IFlashDevice device, RangeScan scan, Action<long> progress, VerifyReport report,
        CancellationToken cancel)
    {
        string list = Path.Combine(Path.GetDirectoryName(model.Files[0])!, FileName);
        if (!File.Exists(list) || new FileInfo(list).Length > MostBytes)
        {
            return;
        }

        Dictionary<string, string> published = Read(list);
        long before = 0;
        for (int file = 0; file < model.Files.Count; file++)
        {
            if (!published.TryGetValue(Path.GetFileName(model.Files[file]), out string? digest))
            {
                continue;
            }

            long done = before;
            if (ModelSums.Sha256(device, file, scan, bytes => progress(done + bytes), cancel) != digest)
            {
                report.AddFileDifference(file, device.FileLength(file), $"differs from its SHA-256 in {list}; download it again");
            }
            else
            {
                report.FilesMatchingPublished++;
            }

            before += device.FileLength(file);
        }
    }

    private static Dictionary<string, string> Read(string list)
    {
        Dictionary<string, string> digests = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(list))
        {
            // "<digest>  <name>", or "<digest> *<name>" for binary mode.
            if (line.Length > DigestDigits + 2 && line.AsSpan(0, DigestDigits).IndexOfAnyExcept("0123456789abcdefABCDEF") < 0)
            {
                digests[line[(DigestDigits + 2)..].Trim()] = line[..DigestDigits].ToLowerInvariant();
            }
        }

        return digests;
    }
}
