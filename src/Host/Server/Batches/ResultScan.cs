using System.Text.Json;
using LayerStream.Memory;

namespace LayerStream.Host.Server.Batches;

/// <summary>Reads which requests have a result in a file; what stands behind the last whole line is no result.</summary>
internal static class ResultScan
{
    private const int BeginningBytes = 8 << 10; // holds the longest name, escaped

    /// <summary>Number of results; 0 when there is no such file, or none of results.</summary>
    public static int Count(string path)
    {
        int count = 0;
        try
        {
            Read(path, (_, _) => count++);
            return count;
        }
        catch (InvalidDataException)
        {
            return 0; // said when the batch goes on
        }
    }

    /// <summary>Cuts a last line off that was torn.</summary>
    /// <param name="path">The file; it need not be there.</param>
    /// <param name="show">As in <see cref="Read"/>; null = results are not looked at.</param>
    /// <returns>Bytes of the file; 0 when there is none.</returns>
    /// <exception cref="InvalidDataException">As <see cref="Read"/>; nothing is cut off then.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static long Mend(string path, Action<UInt128, bool>? show = null)
    {
        (long whole, long length) = Scan(path, show);
        if (length > whole)
        {
            using FileStream torn = new(path, FileMode.Open, FileAccess.Write);
            torn.SetLength(whole);
        }

        return whole;
    }

    /// <summary>Shows every result.</summary>
    /// <param name="path">The file; it need not be there.</param>
    /// <param name="show">Sees the name of its request, and whether it is an answer.</param>
    /// <exception cref="InvalidDataException">A whole line is no result.</exception>
    public static void Read(string path, Action<UInt128, bool> show) => Scan(path, show);

    // Bytes up to the end of the last whole line, and of the file.
    private static (long Whole, long Length) Scan(string path, Action<UInt128, bool>? show)
    {
        if (!File.Exists(path))
        {
            return default;
        }

        using TransientFile file = TransientFile.OpenRead(path, isSmall: true);
        LineWindow lines = new(file, show is null ? [] : new byte[BeginningBytes]);
        long whole = 0;
        while (lines.Read() && lines.IsEnded)
        {
            if (show is not null && lines.Length > 0)
            {
                (string id, bool isAnswer) = Parse(lines.Text.Span)
                    ?? throw new InvalidDataException($"{path} has a line {lines.Number} that is no result of a batch.");
                show(RequestName.Of(id), isAnswer);
            }

            whole = lines.Next;
        }

        return (whole, file.Length);
    }

    // Results are written with the name first, then the response's status or null.
    private static (string Id, bool IsAnswer)? Parse(ReadOnlySpan<byte> beginning)
    {
        Utf8JsonReader json = new(beginning, isFinalBlock: false, default);
        string? id = null;
        try
        {
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                if (json.CurrentDepth == 1 && json.ValueTextEquals("custom_id") && json.Read() && json.TokenType == JsonTokenType.String)
                {
                    id = json.GetString();
                }
                else if (json.CurrentDepth == 1 && json.ValueTextEquals("response") && json.Read() && json.TokenType == JsonTokenType.Null)
                {
                    return id is null ? null : (id, false);
                }
                else if (json.CurrentDepth == 2 && json.ValueTextEquals("status_code") && json.Read())
                {
                    return id is null || !json.TryGetInt32(out int status) ? null : (id, status == 200);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No result.
        }

        return null;
    }
}
