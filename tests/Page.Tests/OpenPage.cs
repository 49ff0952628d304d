using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace LayerStream.Page.Tests;

/// <summary>An open page with what went wrong on it.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _faults = new();

    /// <summary>Watches a page.</summary>
    public OpenPage(IPage page, Uri origin)
    {
        Page = page;
        page.PageError += (_, error) => _faults.Enqueue("script: " + error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _faults.Enqueue("console: " + message.Text);
            }
        };
        page.Request += (_, request) =>
        {
            Uri uri = new(request.Url);
            if (uri.Scheme is not ("data" or "blob") && uri.Authority != origin.Authority)
            {
                _faults.Enqueue("another origin: " + request.Url);
            }
        };
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Waits until an element's text satisfies a condition. Errors: the test fails with the last text.</summary>
    public async Task<string> WaitForTextAsync(string selector, Func<string, bool> holds, int seconds = 60)
    {
        DateTime until = DateTime.UtcNow.AddSeconds(seconds);
        string text;
        do
        {
            text = await Page.Locator(selector).InnerTextAsync();
            if (holds(text))
            {
                return text;
            }

            await Task.Delay(100);
        }
        while (DateTime.UtcNow < until);
        Assert.Fail($"{selector} stayed '{text}'");
        return text;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Page.Context.CloseAsync();
        Assert.Empty(_faults);
    }
}
