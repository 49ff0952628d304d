using System.Buffers;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Memory;

namespace LayerStream.Host.Server.Batches;

/// <summary>Results of a batch: lines that are whole once they are counted, whatever ends the process.</summary>
internal sealed class ResultFile : IDisposable
{
    /// <summary>Pages of the file that may be in memory.</summary>
    public const int HeldBytes = TransientFile.SmallRoomBytes;

    private readonly Lock _lock = new();
    private readonly Action<long> _take;
    private readonly TransientFile _file;
    private long _taken;

    private ResultFile(TransientFile file, Action<long> take, long taken) => (_file, _take, _taken) = (file, take, taken);

    /// <summary>Opens a file of results; a last line that was torn is cut off.</summary>
    /// <param name="path">The file.</param>
    /// <param name="take">Takes room for bytes that it has or gets, and throws where there is none; has it back when the file is
    /// closed.</param>
    /// <param name="show">Sees the results that it has: the name of the request, and whether it is an answer.</param>
    /// <exception cref="InvalidDataException">It is no file of results.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static ResultFile Open(string path, Action<long> take, Action<UInt128, bool> show)
    {
        long bytes = ResultScan.Mend(path, show);
        take(bytes);
        return new ResultFile(TransientFile.Append(path), take, bytes);
    }

    /// <summary>Writes the answer to a request.</summary>
    /// <param name="customId">Its name.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">The body, JSON of one line.</param>
    /// <exception cref="ApiException">There is no room.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string customId, int status, ReadOnlySpan<byte> body) => Append(Begin(customId, json =>
    {
        json.WriteStartObject("response");
        json.WriteNumber("status_code", status);
        json.WriteString("request_id", "req_" + Guid.NewGuid().ToString("N"));
        json.WritePropertyName("body");
    }), body, "},\"error\":null}\n"u8);

    /// <summary>Writes why a request has no answer.</summary>
    /// <exception cref="ApiException">There is no room.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string customId, string code, string message) => Append(Begin(customId, json =>
    {
        json.WriteNull("response");
        json.WriteStartObject("error");
        json.WriteString("code", code);
        json.WriteString("message", message);
        json.WriteEndObject();
    }), [], "}\n"u8);

    /// <inheritdoc/>
    public void Dispose()
    {
        _take(-_taken);
        _taken = 0;
        _file.Dispose();
    }

    private static ReadOnlySpan<byte> Begin(string customId, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> beginning = new(256);
        using (Utf8JsonWriter json = new(beginning, JsonReply.Options))
        {
            json.WriteStartObject();
            json.WriteString("id", "batch_req_" + Guid.NewGuid().ToString("N"));
            json.WriteString("custom_id", customId);
            write(json);
            json.Flush();
        }

        return beginning.WrittenSpan;
    }

    private void Append(ReadOnlySpan<byte> beginning, ReadOnlySpan<byte> body, ReadOnlySpan<byte> end)
    {
        lock (_lock)
        {
            long bytes = (long)beginning.Length + body.Length + end.Length;
            _take(bytes);
            _taken += bytes;
            _file.Write(beginning);
            _file.Write(body);
            _file.Write(end);
            _file.Flush();
        }
    }
}
