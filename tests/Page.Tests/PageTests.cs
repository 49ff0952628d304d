using System.Globalization;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using LayerStream.EndToEnd.Tests;
using Microsoft.Playwright;

namespace LayerStream.Page.Tests;

public sealed class PageTests(Browser browser) : IClassFixture<Browser>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pipeline_DuringAGeneration_ShowsLiveLanesAndTheStages()
    {
        await using OpenPage open = await browser.OpenAsync();
        await open.WaitForTextAsync("#state", t => t.Contains("ready", StringComparison.Ordinal));
        Task answer = browser.GenerateAsync(48);
        string verdict = await open.WaitForTextAsync("#verdict", t => t.Contains("tokens a second", StringComparison.Ordinal));
        Assert.Contains("sets the pace", verdict, StringComparison.Ordinal);
        Assert.Contains("compute", await open.Page.Locator("#stages").InnerTextAsync(), StringComparison.Ordinal);
        Assert.True(await PaintedShareAsync(open.Page, "#lanes") > 0.02, "the lanes are empty");
        Assert.Contains("of at most", await open.Page.Locator("#speed").InnerTextAsync(), StringComparison.Ordinal);
        await open.WaitForTextAsync("#hits", t => t.Contains("stay in memory", StringComparison.Ordinal));
        Assert.Contains("weights: pinned", await open.WaitForTextAsync("#budget", t => t.Length > 0), StringComparison.Ordinal);
        await answer;
    }

    [Fact]
    public async Task Trace_OpenedFromAFile_ShowsItsTokensAndFollowsTheKeyboard()
    {
        string path = DrawnTrace.Save(browser.Folder, "one.lstrace", layers: 30, tokens: 4, readTicks: 300);
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(path);
        await open.WaitForTextAsync("#lanes-title", t => t.Contains("one.lstrace", StringComparison.Ordinal));
        await open.Page.Locator("#lanes").FocusAsync();
        await open.Page.Keyboard.PressAsync("+");
        await open.Page.Keyboard.PressAsync("n");
        await open.WaitForTextAsync("#tip", t => t.Contains("blk.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trace_QuickerThanItsDiskWasMeasured_HasNoLimitBelowItsSpeed()
    {
        string path = DrawnTrace.Save(browser.Folder, "quick.lstrace", layers: 30, tokens: 4, readTicks: 100, deviceBytesPerSecond: 1e9);
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(path);
        await open.WaitForTextAsync("#lanes-title", t => t.Contains("quick.lstrace", StringComparison.Ordinal));
        string[] words = (await open.WaitForTextAsync("#speed", t => t.Contains("the limit is", StringComparison.Ordinal))).Split(' ');
        double now = double.Parse(words[0], CultureInfo.InvariantCulture), most = double.Parse(words[4], CultureInfo.InvariantCulture);
        Assert.InRange(now, 30, most);
    }

    [Theory]
    [InlineData(0, "ms per token")]
    [InlineData(3, "ms per pass")]
    public async Task Trace_OfPassesThatMakeTokens_NamesTheUnitOfBothTables(ushort drawnByAPass, string unit)
    {
        string path = DrawnTrace.Save(browser.Folder, $"of-{drawnByAPass}.lstrace", 30, 4, readTicks: 900, drawnByAPass: drawnByAPass);
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(path);
        await open.WaitForTextAsync("#lanes-title", t => t.Contains(Path.GetFileName(path), StringComparison.Ordinal));
        await open.WaitForTextAsync("#stages", t => t.Contains(unit, StringComparison.Ordinal));
        await open.WaitForTextAsync("#layers", t => t.Contains(unit, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trace_OfAModelWithExperts_ShowsTheirUsesByLayer()
    {
        string path = DrawnTrace.Save(browser.Folder, "experts.lstrace", layers: 12, tokens: 3, readTicks: 100, areExperts: true);
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(path);
        string note = await open.WaitForTextAsync("#heat-note", t => t.Length > 0);
        Assert.Contains("layer 11 below", note, StringComparison.Ordinal);
        Assert.Contains("expert 3 on the right", note, StringComparison.Ordinal);
        Assert.Contains("at most 3 times", note, StringComparison.Ordinal);
        await open.Page.Locator("#heat").HoverAsync();
        await open.WaitForTextAsync("#tip", t => t.Contains("used 3 times", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_ThatRun_ShowTheirProgressAndCanBeCancelled()
    {
        await using OpenPage open = await browser.OpenAsync();
        Task<Exception?> answer = Record.ExceptionAsync(() => browser.GenerateAsync(420, "Tell me everything.")).AsTask();
        await open.WaitForTextAsync("#request-list", t => t.Contains("writes: ", StringComparison.Ordinal));
        await open.Page.Locator("#request-list button").ClickAsync();
        Assert.IsAssignableFrom<HttpRequestException>(await answer); // 410, or cut off where the answer had begun
        await open.Page.Locator("#request-list").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
    }

    [Fact]
    public async Task Traces_TwoOpened_NameTheStageThatChanged()
    {
        string[] paths =
            [DrawnTrace.Save(browser.Folder, "before.lstrace", 30, 4, readTicks: 100),
                DrawnTrace.Save(browser.Folder, "after.lstrace", 30, 4, readTicks: 900)];
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(paths);
        string verdict = await open.WaitForTextAsync("#verdict", t => t.Contains("of the change", StringComparison.Ordinal));
        Assert.Contains("wait: prefetch late", verdict, StringComparison.Ordinal);
        Assert.True(await open.Page.Locator("#second").IsVisibleAsync());
    }

    [Fact]
    public async Task Trace_ThatIsNone_IsRefusedInWords()
    {
        string path = Path.Combine(browser.Folder, "text.lstrace");
        await File.WriteAllTextAsync(path, "this is not a trace, only a text of some length", Cancel);
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(path);
        await open.WaitForTextAsync("#verdict", t => t.Contains("not a LayerStream trace", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trace_OfAThousandLayers_ZoomsWithinAFrame()
    {
        string path = DrawnTrace.Save(browser.Folder, "large.lstrace", layers: 1000, tokens: 3, readTicks: 300);
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#open").SetInputFilesAsync(path);
        await open.WaitForTextAsync("#lanes-title", t => t.Contains("large.lstrace", StringComparison.Ordinal));
        ICDPSession session = await open.Page.Context.NewCDPSessionAsync(open.Page);
        await session.SendAsync("Performance.enable");
        List<double> frames = [];
        for (int step = 0; step < 60; step++)
        {
            double before = await BusyMillisecondsAsync(session);
            await open.Page.EvaluateAsync("""
                async step => {
                    document.getElementById('lanes').dispatchEvent(
                        new WheelEvent('wheel', { deltaY: step < 30 ? -120 : 120,
                            clientX: 640, clientY: 200, ctrlKey: true, cancelable: true }));
                    await new Promise(requestAnimationFrame);
                    await new Promise(requestAnimationFrame);
                }
                """, step);
            frames.Add(await BusyMillisecondsAsync(session) - before);
        }

        double median = frames.Order().ElementAt(frames.Count / 2);
        TestContext.Current.SendDiagnosticMessage($"median of a zoom: {median:F1} ms");
        Assert.True(median <= 33, $"a zoom step takes {median:F1} ms");
    }

    [Fact]
    public async Task Chat_Answer_CanBeStoppedAndAskedAgain()
    {
        await using OpenPage open = await browser.OpenAsync("#chat");
        await open.WaitForTextAsync("#state", t => t.Contains("ready", StringComparison.Ordinal));
        await open.Page.Locator(".settings summary").ClickAsync();
        await open.Page.Locator("#max-tokens").FillAsync("300");
        await open.Page.Locator("#question").FillAsync("Write a long story about the sea.");
        await open.Page.Keyboard.PressAsync("Enter");
        await open.WaitForTextAsync("#conversation li.assistant", t => t.Length > 40);
        await open.Page.Locator("#stop").ClickAsync();
        string stopped = await open.Page.Locator("#conversation li.assistant").InnerTextAsync();
        await Task.Delay(700, Cancel);
        Assert.Equal(stopped, await open.Page.Locator("#conversation li.assistant").InnerTextAsync());
        await open.Page.Locator("#max-tokens").FillAsync("5");
        await open.Page.Locator("#again").ClickAsync();
        await open.WaitForTextAsync("#conversation li.assistant", t => t.Length > 8 && t != stopped);
        await open.Page.ReloadAsync();
        Assert.Equal(2, await open.Page.Locator("#conversation li").CountAsync());
    }

    [Fact]
    public async Task Chat_ThoughtAndCalls_AreFoldedAndShown()
    {
        string[] deltas =
        [
            """{"reasoning_content":"I should look."}""", """{"content":"Let me see."}""",
            """{"tool_calls":[{"index":0,"id":"c1","function":{"name":"get_weather","arguments":"{\"city\":"}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"\"Bonn\"}"}}]}""",
        ];
        await using OpenPage open = await browser.OpenAsync("#chat");
        string? asked = null;
        await open.Page.RouteAsync("**/v1/chat/completions", route =>
        {
            asked = route.Request.PostData;
            return route.FulfillAsync(new()
            {
                ContentType = "text/event-stream",
                Body = string.Concat(deltas.Select(d => $"data: {{\"choices\":[{{\"delta\":{d}}}]}}\n\n")) + "data: [DONE]\n\n",
            });
        });
        await open.Page.Locator(".settings summary").ClickAsync();
        await open.Page.Locator("#system").FillAsync("Be brief.");
        await open.Page.Locator("#top-k").FillAsync("7");
        await open.Page.Locator("#effort").SelectOptionAsync("low");
        await open.Page.Locator("#question").FillAsync("Weather?");
        await open.Page.Keyboard.PressAsync("Enter");
        string said = await open.WaitForTextAsync("#conversation li.assistant", t => t.Contains("Bonn", StringComparison.Ordinal));
        Assert.Contains("calls get_weather({\"city\":\"Bonn\"})", said, StringComparison.Ordinal);
        ILocator thought = open.Page.Locator("#conversation li.assistant details span");
        Assert.False(await thought.IsVisibleAsync());
        await open.Page.Locator("#conversation li.assistant summary").ClickAsync();
        Assert.Equal("I should look.", await thought.InnerTextAsync());
        JsonElement body = JsonSerializer.Deserialize<JsonElement>(asked!);
        Assert.Equal("Be brief.", body.GetProperty("messages")[0].GetProperty("content").GetString());
        Assert.Equal((7, "low"), (body.GetProperty("top_k").GetInt32(), body.GetProperty("reasoning_effort").GetString()));
    }

    [Fact]
    public async Task Plan_Curve_NamesTheKneeAndFollowsTheSlider()
    {
        await browser.GenerateAsync(24); // the curve stands on what a generation showed
        await using OpenPage open = await browser.OpenAsync("#plan");
        string sentence = await open.WaitForTextAsync("#plan-sentence", t => t.Contains("tokens/s", StringComparison.Ordinal));
        Assert.DoesNotContain("assumption", sentence, StringComparison.Ordinal);
        Assert.Contains("knee: more buys little", await open.Page.Locator("#plan-table").InnerTextAsync(), StringComparison.Ordinal);
        Assert.True(await PaintedShareAsync(open.Page, "#plan-curve") > 0.002, "the curve is empty");
        string before = await open.Page.Locator("#plan-value").InnerTextAsync();
        await open.Page.Locator("#plan-budget").FocusAsync();
        await open.Page.Keyboard.PressAsync("Home");
        await open.WaitForTextAsync("#plan-value", t => t.Length > 0 && t != before);
    }

    [Fact]
    public async Task Trace_ByUrlOfThisServer_IsShownWithItsRequests()
    {
        await browser.GenerateAsync(6);
        await using OpenPage open = await browser.OpenAsync("?trace=/v1/layerstream/trace");
        await open.WaitForTextAsync("#lanes-title", t => t.Contains("/v1/layerstream/trace", StringComparison.Ordinal));
        await open.WaitForTextAsync("#slow", t => t.Contains("Longest", StringComparison.Ordinal));
        Assert.Equal("false", await open.Page.Locator("#live").GetAttributeAsync("aria-pressed"));
    }

    [Fact]
    public async Task Models_View_NamesTheServedModelForTheChatToo()
    {
        await using OpenPage open = await browser.OpenAsync("#models");
        await open.WaitForTextAsync("#models", t => t.Contains("SmolLM2-135M-Instruct-Q4_1", StringComparison.Ordinal));
        Assert.Contains("512", await open.Page.Locator("#models").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal("SmolLM2-135M-Instruct-Q4_1", await open.Page.Locator("#chat-model option").First.GetAttributeAsync("value"));
    }

    [Fact]
    public async Task Models_Button_SwitchesTheModel()
    {
        Assert.SkipWhen(browser.Gap is not null, browser.Gap ?? "");
        string folder = Directory.CreateTempSubdirectory("layerstream-models-").FullName;
        try
        {
            await using DaemonProcess daemon = new()
            {
                Model = Path.Combine(folder, "one.gguf"),
                Budget = "206MiB",
                More = ["--models", folder, "--context", "512"],
            };
            File.CreateSymbolicLink(daemon.Model, browser.Daemon.Model);
            File.CreateSymbolicLink(Path.Combine(folder, "two.gguf"), browser.Daemon.Model);
            await daemon.InitializeAsync();
            await using OpenPage open = await browser.OpenAsync("#models", address: daemon.Address);
            await open.WaitForTextAsync("#state", t => t.StartsWith("one · ready", StringComparison.Ordinal));
            await open.Page.GetByRole(AriaRole.Button, new() { Name = "Load two" }).ClickAsync();
            await open.WaitForTextAsync("#models-told", t => t.Contains("two is loaded", StringComparison.Ordinal));
            await open.WaitForTextAsync("#state", t => t.StartsWith("two · ready", StringComparison.Ordinal));
            Assert.True(await open.Page.GetByRole(AriaRole.Button, new() { Name = "Load one" }).IsVisibleAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Tabs_ByArrowKeys_ShowTheirViewsInTurn()
    {
        await using OpenPage open = await browser.OpenAsync();
        await open.Page.Locator("#tab-pipeline").FocusAsync();
        foreach (string view in (string[])["chat", "models", "plan", "pipeline"])
        {
            await open.Page.Keyboard.PressAsync("ArrowRight");
            Assert.True(await open.Page.Locator($"#view-{view}").IsVisibleAsync(), view);
            Assert.Equal($"tab-{view}", await open.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        }
    }

    [Theory]
    [InlineData("", ColorScheme.Light, 1280)]
    [InlineData("", ColorScheme.Dark, 1280)]
    [InlineData("#chat", ColorScheme.Light, 390)]
    [InlineData("#models", ColorScheme.Dark, 390)]
    [InlineData("#plan", ColorScheme.Light, 390)]
    [InlineData("#plan", ColorScheme.Dark, 1280)]
    public async Task Page_EveryView_HasNoSeriousFindingOfAxe(string view, ColorScheme scheme, int width)
    {
        await using OpenPage open = await browser.OpenAsync(view, scheme, width);
        await open.WaitForTextAsync("#state", t => t.Contains("ready", StringComparison.Ordinal));
        AxeResult result = await open.Page.RunAxe();
        Assert.Empty(result.Violations.Where(v => v.Impact is "serious" or "critical")
            .Select(v => $"{v.Id}: {v.Help} ({v.Nodes[0].Html})"));
        int overflow =
            await open.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(overflow <= 0, $"the page is {overflow} pixels wider than the screen");
    }

    [Fact]
    public async Task Page_Headers_AllowThisServerOnly()
    {
        Assert.SkipWhen(browser.Gap is not null, browser.Gap ?? "");
        using HttpResponseMessage page = await browser.Daemon.Client.GetAsync("", Cancel);
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        using HttpResponseMessage missing = await browser.Daemon.Client.GetAsync("page/../../etc/passwd", Cancel);
        Assert.Equal(404, (int)missing.StatusCode);
    }

    /// <summary>Milliseconds that the page has spent on scripts, styles and layout.</summary>
    private static async Task<double> BusyMillisecondsAsync(ICDPSession session)
    {
        JsonElement metrics = (await session.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics");
        string[] counted = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"];
        return 1000 * metrics.EnumerateArray().Where(m => counted.Contains(m.GetProperty("name").GetString()))
            .Sum(m => m.GetProperty("value").GetDouble());
    }

    private static Task<double> PaintedShareAsync(IPage page, string canvas) => page.EvaluateAsync<double>("""
        selector => {
            const c = document.querySelector(selector);
            const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            const back = [data[0], data[1], data[2]];
            let painted = 0;
            for (let i = 0; i < data.length; i += 4) {
                const away = Math.abs(data[i] - back[0]) + Math.abs(data[i + 1] - back[1]) + Math.abs(data[i + 2] - back[2]);
                if (away > 60) painted++;
            }
            return painted / (data.length / 4);
        }
        """, canvas);
}
