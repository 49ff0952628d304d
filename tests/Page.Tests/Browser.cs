using System.Net.Http.Json;
using LayerStream.EndToEnd.Tests;
using Microsoft.Playwright;

namespace LayerStream.Page.Tests;

/// <summary>The system's Chromium on the page of a real daemon; every request to another origin and every error of a script is
/// noted.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] s_programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The daemon that serves the page.</summary>
    public DaemonProcess Daemon { get; } = new() { Budget = "206MiB", More = ["--context", "512", "--sequences", "3"] };

    /// <summary>Where tests leave files for the page to open; gone with the browser.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("layerstream-page-").FullName;

    /// <summary>Why there is no browser here, or null.</summary>
    public string? Gap { get; private set; }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Array.Find(s_programs, File.Exists) is not { } program)
        {
            Gap = $"no Chromium: none of {string.Join(", ", s_programs)} exists (apt-get install chromium)";
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] });
        await Daemon.InitializeAsync();
    }

    /// <summary>The page, opened at a path of the daemon, or of another one. Skips the test where there is no browser.</summary>
    public async Task<OpenPage> OpenAsync(string path = "", ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900,
        Uri? address = null)
    {
        Assert.SkipWhen(Gap is not null, Gap ?? "");
        IBrowserContext context = await _browser!.NewContextAsync(new()
        {
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = height }
        });
        IPage page = await context.NewPageAsync();
        OpenPage open = new(page, address ?? Daemon.Address);
        await page.GotoAsync(new Uri(address ?? Daemon.Address, path).ToString());
        return open;
    }

    /// <summary>Has the daemon answer.</summary>
    public async Task GenerateAsync(int tokens, string question = "Tell me about the sea.")
    {
        Assert.SkipWhen(Gap is not null, Gap ?? "");
        using HttpResponseMessage answer = await Daemon.Client.PostAsJsonAsync(
            "v1/chat/completions", new
            {
                messages = new[] { new { role = "user", content = question } },
                max_tokens = tokens,
                ignore_eos = true
            }, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
        await Daemon.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
