using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using LayerStream.Host.Options;
using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Session.Reports;
using Spectre.Console;

namespace LayerStream.Host.Top;

/// <summary><c>top</c>: what a running daemon does, at a terminal.</summary>
public static class TopVerb
{
    private const double WindowSeconds = 2;
    private const int MostLineBytes = 8 << 20;
    private static readonly TimeSpan s_frame = TimeSpan.FromMilliseconds(500);

    private static readonly Option<string> s_url = new("--url")
    {
        Description = "address of the daemon",
        DefaultValueFactory = _ => "http://127.0.0.1:5099",
    };

    private static readonly Option<string?> s_key =
        new("--key-file") { Description = "file whose first line is the key that the daemon asks for" };
    private static readonly Option<bool> s_once = new("--once")
    {
        Description = "one frame after two seconds, then end; --json: the same as figures",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("top", "Shows what a running daemon does: lanes, waits, memory, requests.") { s_url, s_key, s_once };
        verb.ShowExamples("layerstream top", "layerstream top --url http://127.0.0.1:8080 --once --json");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        string url = parse.GetRequiredValue(s_url);
        using HttpClient client = DaemonAddress.Open(s_url.Name, url, parse.GetValue(s_key));
        try
        {
            bool once = parse.GetValue(s_once) || Console.IsOutputRedirected || TerminalKind.IsPlain;
            await ShowAsync(client, CommonOptions.Json(parse) ? WriteJson : once ? WriteFrame : null, ct);
            return 0;
        }
        catch (HttpRequestException e) when (e.StatusCode is { } status)
        {
            throw new RemoteException($"What listens at {client.BaseAddress} answers {(int)status} where a daemon gives its status."
                + DaemonAddress.Hint((int)status), e);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or HttpIOException)
        {
            throw new RemoteException($"{client.BaseAddress} does not answer as a daemon does: {DaemonAddress.Reason(e)}", e);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 0; // Ctrl+C is how one leaves
        }
    }

    private static void WriteFrame(JsonElement status, LaneWindow lanes) => AnsiConsole.Write(TopScreen.Render(status, lanes));

    private static void WriteJson(JsonElement status, LaneWindow lanes) =>
        StandardOutput.WriteJson(TopScreen.Report(status, lanes, WindowSeconds), ReportJson.Default.TopReport);

    /// <param name="client">Asks the daemon.</param>
    /// <param name="once">Writes one frame; null = frames until the user leaves.</param>
    /// <param name="ct">The user leaves.</param>
    private static async Task ShowAsync(HttpClient client, Action<JsonElement, LaneWindow>? once, CancellationToken ct)
    {
        LaneWindow lanes = new(WindowSeconds * 1e6);
        Lock guard = new();
        long heard = Stopwatch.GetTimestamp();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using JsonDocument first = await StatusAsync(client, ct); // before anything is drawn: a wrong address is said plainly
        Task following = FollowAsync(client, message =>
        {
            lock (guard)
            {
                lanes.Take(message);
                heard = message.TryGetProperty("events", out JsonElement e) && e.GetArrayLength() > 0 ? Stopwatch.GetTimestamp() : heard;
            }
        }, end.Token);
        try
        {
            if (once is not null)
            {
                await Task.Delay(TimeSpan.FromSeconds(WindowSeconds), ct);
                using JsonDocument status = await StatusAsync(client, ct);
                lock (guard)
                {
                    once(status.RootElement, lanes);
                }

                return;
            }

            await AnsiConsole.Live(TopScreen.Render(first.RootElement, lanes)).AutoClear(false).StartAsync(async live =>
            {
                while (!ct.IsCancellationRequested && !following.IsFaulted)
                {
                    using JsonDocument status = await StatusAsync(client, ct);
                    lock (guard)
                    {
                        if (Stopwatch.GetElapsedTime(heard).TotalSeconds > WindowSeconds)
                        {
                            lanes.Clear();
                        }

                        live.UpdateTarget(TopScreen.Render(status.RootElement, lanes));
                    }

                    await Task.Delay(s_frame, ct);
                }
            });
            await following;
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAny(following);
        }
    }

    private static async Task<JsonDocument> StatusAsync(HttpClient client, CancellationToken ct)
    {
        using HttpResponseMessage answer = await client.GetAsync("v1/layerstream/status", ct);
        answer.EnsureSuccessStatusCode();
        await using Stream body = await answer.Content.ReadAsStreamAsync(ct);
        return await JsonDocument.ParseAsync(body, default, ct);
    }

    private static async Task FollowAsync(HttpClient client, Action<JsonElement> take, CancellationToken ct)
    {
        const string prefix = "data: ";
        using HttpResponseMessage answer = await client.GetAsync("v1/layerstream/trace/live", HttpCompletionOption.ResponseHeadersRead, ct);
        answer.EnsureSuccessStatusCode();
        using StreamReader lines = new(await answer.Content.ReadAsStreamAsync(ct));
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            if (line.Length is > 6 and < MostLineBytes && line.StartsWith(prefix, StringComparison.Ordinal) && line[prefix.Length] == '{')
            {
                using JsonDocument message = JsonDocument.Parse(line.AsMemory(prefix.Length));
                take(message.RootElement);
            }
        }
    }
}
