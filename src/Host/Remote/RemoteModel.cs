using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LayerStream.Session;

namespace LayerStream.Host.Remote;

/// <summary>A model that a running daemon has loaded.</summary>
internal sealed class RemoteModel : IDisposable
{
    private const string Data = "data: ";
    private readonly HttpClient _client;
    private readonly Uri _address;

    private RemoteModel(HttpClient client, Uri address) => (_client, _address) = (client, address);

    /// <summary>A daemon by its address; nothing is sent yet.</summary>
    /// <param name="url">Such as http://127.0.0.1:5099.</param>
    /// <param name="keyFile">A file whose first line is the key that it asks for; null = none.</param>
    /// <exception cref="UsageException">This is no address.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RemoteModel At(string url, string? keyFile)
    {
        HttpClient client = DaemonAddress.Open("--daemon", url, keyFile);
        return new RemoteModel(client, client.BaseAddress!);
    }

    /// <summary>Asks, and shows the answer as it comes. A cancelled answer is what there is of it, if there is any.</summary>
    /// <exception cref="RemoteException">The daemon does not answer, refuses, or breaks off.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before anything came.</exception>
    public async Task<RemoteReply> AskAsync(RemoteRequest request, Action<RemotePiece>? show, CancellationToken ct)
    {
        RemoteAnswer answer = new(request.Model);
        try
        {
            using HttpRequestMessage message = new(HttpMethod.Post, "v1/chat/completions")
            {
                Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, RemoteJson.Default.RemoteRequest))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
                },
            };
            using HttpResponseMessage response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode)
            {
                throw new RemoteException(Refusal((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(ct)));
            }

            using StreamReader lines = new(await response.Content.ReadAsStreamAsync(ct), Encoding.UTF8);
            await FollowAsync(lines, answer, show, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested && answer.HasBegun)
        {
            answer.FinishReason = "cancelled";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            throw new RemoteException($"The daemon at {_address} {(answer.HasBegun ? "broke the answer off" : "does not answer")}: "
                + DaemonAddress.Reason(e), e);
        }

        return new RemoteReply(answer.ToReport());
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task FollowAsync(StreamReader lines, RemoteAnswer answer, Action<RemotePiece>? show, CancellationToken ct)
    {
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            if (!line.StartsWith(Data, StringComparison.Ordinal))
            {
                continue; // pings, and the blank line behind an event
            }

            if (line.AsSpan(Data.Length).SequenceEqual("[DONE]"))
            {
                return;
            }

            if (JsonSerializer.Deserialize(line.AsSpan(Data.Length), RemoteJson.Default.RemotePiece) is { } piece)
            {
                if (piece.Error is { } error)
                {
                    throw new RemoteException($"The daemon at {_address} broke the answer off: {error.Message}");
                }

                answer.Add(piece);
                show?.Invoke(piece);
            }
        }

        throw new RemoteException($"The daemon at {_address} broke the answer off.");
    }

    private string Refusal(int status, byte[] body)
    {
        string? reason = null;
        try
        {
            reason = JsonSerializer.Deserialize(body, RemoteJson.Default.RemoteRefusal)?.Error?.Message;
        }
        catch (JsonException)
        {
            // Something else than a daemon of ours may listen there.
        }

        return $"The daemon at {_address} refuses ({status}): {reason ?? "it says no reason"}.{DaemonAddress.Hint(status)}";
    }
}
