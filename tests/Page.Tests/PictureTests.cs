using Microsoft.Playwright;

namespace LayerStream.Page.Tests;

/// <summary>The pictures of docs/traces.md. To take them anew: LAYERSTREAM_WRITE_DOCS=1.</summary>
public sealed class PictureTests(Browser browser) : IClassFixture<Browser>
{
    private const int MostBytes = 200_000;
    private static readonly string[] s_names =
    [
        "pipeline-light", "requests-light", "pipeline-dark", "pipeline-narrow", "difference-light", "plan-light", "plan-dark",
        "chat-narrow-dark",
    ];

    [Fact]
    public async Task Pictures_OfTheDocuments_AreThereAndSmall()
    {
        string folder = Folder();
        if (Environment.GetEnvironmentVariable("LAYERSTREAM_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(folder);
            await TakeAsync(folder);
        }

        foreach (string name in s_names)
        {
            FileInfo picture = new(Path.Combine(folder, name + ".png"));
            Assert.True(picture.Exists, picture.FullName);
            Assert.InRange(picture.Length, 5_000, MostBytes);
        }
    }

    private async Task TakeAsync(string folder)
    {
        await browser.GenerateAsync(40);
        await LiveAsync(folder, "pipeline-light.png", "requests-light.png", 1080, 900);
        await LiveAsync(folder, "pipeline-narrow.png", null, 390, 1100);
        await using (OpenPage open = await browser.OpenAsync("?trace=/v1/layerstream/trace", ColorScheme.Dark, 1280, 820))
        {
            await open.WaitForTextAsync("#slow", t => t.Length > 0);
            await open.Page.Locator("#lanes").FocusAsync();
            for (int step = 0; step < 9; step++)
            {
                await open.Page.Keyboard.PressAsync("+");
            }

            await open.Page.Keyboard.PressAsync("n");
            await ShootAsync(open, Path.Combine(folder, "pipeline-dark.png"));
        }

        await using (OpenPage open = await browser.OpenAsync())
        {
            string[] paths =
                [DrawnTrace.Save(browser.Folder, "before.lstrace", 30, 4, readTicks: 100),
                DrawnTrace.Save(browser.Folder, "after.lstrace", 30, 4, readTicks: 900)];
            await open.Page.Locator("#open").SetInputFilesAsync(paths);
            await open.WaitForTextAsync("#verdict", t => t.Contains("of the change", StringComparison.Ordinal));
            await ShootAsync(open, Path.Combine(folder, "difference-light.png"));
        }

        foreach ((string name, ColorScheme scheme) in
            new (string, ColorScheme)[] { ("plan-light", ColorScheme.Light), ("plan-dark", ColorScheme.Dark) })
        {
            await using OpenPage open = await browser.OpenAsync("#plan", scheme, 1280, 760);
            await open.WaitForTextAsync("#state", t => t.Contains("ready", StringComparison.Ordinal));
            await open.WaitForTextAsync("#plan-sentence", t => t.Contains("tokens/s", StringComparison.Ordinal));
            await ShootAsync(open, Path.Combine(folder, name + ".png"));
        }

        await using (OpenPage open = await browser.OpenAsync("#chat", ColorScheme.Dark, 390, 780))
        {
            await open.WaitForTextAsync("#state", t => t.Contains("ready", StringComparison.Ordinal));
            await open.Page.Locator(".settings summary").ClickAsync();
            await open.Page.Locator("#max-tokens").FillAsync("60");
            await open.Page.Locator("#temperature").FillAsync("0");
            await open.Page.Locator(".settings summary").ClickAsync();
            await open.Page.Locator("#question").FillAsync("What is water made of?");
            await open.Page.Keyboard.PressAsync("Enter");
            await open.WaitForTextAsync("#conversation li.assistant", t => t.Length > 12);
            await open.Page.Locator("#again:not([disabled])").WaitForAsync(new() { Timeout = 60_000 });
            await ShootAsync(open, Path.Combine(folder, "chat-narrow-dark.png"));
        }
    }

    private async Task LiveAsync(string folder, string name, string? nameOfRequests, int width, int height)
    {
        await using OpenPage open = await browser.OpenAsync("", ColorScheme.Light, width, height);
        Task[] answers =
            [browser.GenerateAsync(40), browser.GenerateAsync(30, "Count to ten."), browser.GenerateAsync(60, "Name three colours.")];
        await open.WaitForTextAsync("#slow", t => t.Length > 0);
        await open.WaitForTextAsync("#verdict", t => t.Contains("tokens a second", StringComparison.Ordinal));
        await ShootAsync(open, Path.Combine(folder, name));
        if (nameOfRequests is not null)
        {
            await open.Page.Locator("article", new() { Has = open.Page.Locator("#ring") }).EvaluateAsync("card => card.scrollIntoView()");
            await ShootAsync(open, Path.Combine(folder, nameOfRequests));
        }

        await Task.WhenAll(answers);
    }

    private static async Task ShootAsync(OpenPage open, string path) =>
        await open.Page.ScreenshotAsync(new() { Path = path, Animations = ScreenshotAnimations.Disabled });

    private static string Folder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent;
        }

        string root = folder?.FullName ?? Environment.GetEnvironmentVariable("LAYERSTREAM_ROOT")
            ?? throw new DirectoryNotFoundException("the repository is not above the test; set LAYERSTREAM_ROOT");
        return Path.Combine(root, "docs", "pictures");
    }
}
