using System.Globalization;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Remote;

/// <summary>An answer of a daemon.</summary>
/// <param name="Report">Its text and figures.</param>
internal sealed record RemoteReply(AnswerReport Report)
{
    /// <summary>The line of figures after it.</summary>
    public string Figures
    {
        get
        {
            int passes = Math.Max(0, Report.GeneratedTokens - 1);
            double prompt = Report.PromptSeconds > 0 ? Report.PromptTokens / Report.PromptSeconds : 0;
            double decode = Report.DecodeSeconds > 0 ? passes / Report.DecodeSeconds : 0;
            return string.Create(CultureInfo.InvariantCulture, $"prompt {Report.PromptTokens} tokens {prompt:F1}/s, answer "
                + $"{Report.GeneratedTokens} tokens {decode:F2}/s ({Report.FinishReason}), by {Report.Model}");
        }
    }
}
