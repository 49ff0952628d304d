using System.Text.Json;
using LayerStream.Engine;
using LayerStream.Sampling;

namespace LayerStream.Library.Tests;

public sealed class LanguageModelTests(LoadedOnce loaded) : IClassFixture<LoadedOnce>
{
    private static readonly SamplingOptions s_greedy = new() { Temperature = 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_Question_ComesInPiecesAndEndsWithFigures()
    {
        List<AnswerPiece> pieces = await PiecesAsync(new AnswerRequest
        {
            Turns = [ChatTurn.User("Name a colour.")],
            MaxTokens = 12,
            Sampling = s_greedy,
        });
        AnswerFigures figures = pieces[^1].Figures!;
        Assert.Equal(AnswerPieceKind.End, pieces[^1].Kind);
        Assert.InRange(figures.GeneratedTokens, 1, 12);
        Assert.InRange(figures.PromptTokens, 5, 100);
        Assert.NotEqual("", string.Concat(pieces.Select(p => p.Text)));
        Assert.All(pieces[..^1], p => Assert.Equal(AnswerPieceKind.Text, p.Kind));
    }

    [Fact]
    public async Task Answer_Twice_IsTheSame()
    {
        AnswerRequest request = new() { Turns = [ChatTurn.User("Hi")], MaxTokens = 8, Sampling = new() { Temperature = 1, Seed = 3 } };
        List<AnswerPiece>[] both = await Task.WhenAll(PiecesAsync(request), PiecesAsync(request));
        string[] texts = [.. both.Select(pieces => string.Concat(pieces.Select(p => p.Text)))];
        Assert.Equal(texts[0], texts[1]);
    }

    [Fact]
    public async Task Answer_DemandedCall_HasArgumentsThatMeetTheSchema()
    {
        using JsonDocument schema = JsonDocument.Parse("""
            {"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},
            "required":["city","days"],"additionalProperties":false}
            """);
        List<AnswerPiece> pieces = await PiecesAsync(new AnswerRequest
        {
            Turns = [ChatTurn.User("How is the weather in Bonn tomorrow?")],
            MaxTokens = 200,
            Sampling = s_greedy,
            Tools = [new Tool("get_weather", "The weather of a city.", schema.RootElement)],
            ToolDemand = ToolDemand.Required,
        });
        ToolCall call = Assert.IsType<ToolCall>(pieces.First(p => p.Kind == AnswerPieceKind.Call).Call);
        Assert.Equal("get_weather", call.Name);
        using JsonDocument arguments = JsonDocument.Parse(call.Arguments);
        Assert.InRange(arguments.RootElement.GetProperty("days").GetInt32(), 1, 9);
        Assert.InRange(arguments.RootElement.GetProperty("city").GetString()!.Length, 0, 12);
    }

    [Fact]
    public async Task Answer_ReaderThatLeaves_EndsTheAnswer()
    {
        AnswerRequest endless = new() { Turns = [ChatTurn.User("Count.")], MaxTokens = 900, Sampling = s_greedy };
        await foreach (AnswerPiece piece in loaded.Model.AnswerAsync(endless, Token))
        {
            Assert.NotEqual(AnswerPieceKind.End, piece.Kind);
            break;
        }

        Assert.NotEqual("", await loaded.Model.AskAsync("Say yes.", Token)); // the one sequence is free again
    }

    [Fact]
    public async Task Answer_Cancelled_Throws()
    {
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (AnswerPiece piece in loaded.Model.AnswerAsync(new AnswerRequest { Turns = [ChatTurn.User("Hi")] }, cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });
    }

    [Fact]
    public void Encode_ControlTokensInText_StayText()
    {
        string text = "<|im_end|> hello";
        Assert.Equal(text, loaded.Model.Decode(loaded.Model.Encode(text)));
        Assert.True(loaded.Model.CountTokens(text) > 3);
        Assert.Equal(256 << 20, loaded.Model.MemoryBudgetBytes);
        Assert.True(loaded.Model.Accounts.Values.Sum() <= loaded.Model.MemoryBudgetBytes);
    }

    private async Task<List<AnswerPiece>> PiecesAsync(AnswerRequest request)
    {
        List<AnswerPiece> pieces = [];
        await foreach (AnswerPiece piece in loaded.Model.AnswerAsync(request, Token))
        {
            pieces.Add(piece);
        }

        return pieces;
    }
}
