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
    /// <returns>Bytes of the file; 0 when there is none.</returns>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static long Mend(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        long whole = 0, length;
        using (TransientFile file = TransientFile.OpenRead(path, isSmall: true))
        {
            length = file.Length;
            LineWindow lines = new(file, []);
            while (lines.Read() && lines.IsEnded)
            {
                whole = lines.Next;
            }
        }

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
    public static void Read(string path, Action<UInt128, bool> show)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using TransientFile file = TransientFile.OpenRead(path, isSmall: true);
        LineWindow lines = new(file, new byte[BeginningBytes]);
        while (lines.Read() && lines.IsEnded)
        {
            if (lines.Length > 0)
            {
                (string id, bool isAnswer) = Parse(lines.Text.Span)
                    ?? throw new InvalidDataException($"{path} has a line {lines.Number} that is no result of a batch.");
                show(RequestName.Of(id), isAnswer);
            }
        }
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
