using System.Text;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Templates;

namespace LayerStream.Host.Server.Chat;

/// <summary>A prompt that ends inside the last message, so that the answer goes on with it.</summary>
internal static class ContinuedMessage
{
    /// <summary>Checks that there is a message to go on with.</summary>
    /// <exception cref="ApiException">400.</exception>
    public static void Check(ChatRequest request)
    {
        if (!request.ContinuesFinal)
        {
            if (request.OpensAnswer == false)
            {
                throw ApiException.Invalid("add_generation_prompt",
                    "'add_generation_prompt' may be false only with \"continue_final_message\": true", "conflicting_parameters");
            }

            return;
        }

        if (request.OpensAnswer == true)
        {
            throw ApiException.Invalid("continue_final_message",
                "'continue_final_message' and 'add_generation_prompt' exclude each other", "conflicting_parameters");
        }

        JsonElement last = request.Messages[request.Messages.GetArrayLength() - 1];
        if (last.GetProperty("role").GetString() != "assistant" || TextOf(last).Trim().Length == 0)
        {
            throw ApiException.Invalid("continue_final_message",
                "'continue_final_message' needs a last message of the assistant with a text", "invalid_value");
        }
    }

    /// <summary>Cuts a rendered conversation behind the text of its last message.</summary>
    /// <exception cref="ApiException">400: the template changes the text, so that its end cannot be found.</exception>
    public static RenderedPrompt Cut(RenderedPrompt prompt, ChatRequest request)
    {
        string text = TextOf(request.Messages[request.Messages.GetArrayLength() - 1]);
        string rendered = prompt.Text;
        int at = rendered.LastIndexOf(text, StringComparison.Ordinal);
        if (at < 0)
        {
            text = text.Trim(); // many templates trim
            at = rendered.LastIndexOf(text, StringComparison.Ordinal);
        }

        return at >= 0
            ? prompt.First(at + text.Length)
            : throw ApiException.Invalid("continue_final_message",
                "the chat template changes the last message, so that it cannot be continued", "template_error");
    }

    private static string TextOf(JsonElement message)
    {
        if (!message.TryGetProperty("content", out JsonElement content) || content.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            return content.GetString()!;
        }

        StringBuilder text = new();
        foreach (JsonElement part in content.EnumerateArray())
        {
            text.Append(part.GetProperty("text").GetString());
        }

        return text.ToString();
    }
}
