using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Batch;
using OpenAI.Files;

namespace LayerStream.Contract.Tests;

/// <summary>Files and batches by the OpenAI package of NuGet.</summary>
public sealed class OpenAiBatchTests(ContractDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batch_OfAFile_EndsWithAFileOfAnswers()
    {
        OpenAIFileClient files = new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = daemon.OpenAiAddress });
        BatchClient batches = new(new ApiKeyCredential("none"), new BatchClientOptions { Endpoint = daemon.OpenAiAddress });
        using MemoryStream lines = new(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 3).Select(i =>
            $$"""{"custom_id":"{{i}}","method":"POST","url":"/v1/completions","body":{"prompt":"{{i}}","max_tokens":2} }""" + "\n"))));
        long length = lines.Length; // the client closes it
        OpenAIFile sent = await files.UploadFileAsync(lines, "in.jsonl", FileUploadPurpose.Batch, Token);
        Assert.Equal((FilePurpose.Batch, "in.jsonl", length), (sent.Purpose, sent.Filename, (long)sent.SizeInBytes!));
        Assert.Contains((await files.GetFilesAsync(Token)).Value, f => f.Id == sent.Id);
        CreateBatchOperation batch = await batches.CreateBatchAsync(BinaryContent.Create(BinaryData.FromObjectAsJson(new
        {
            input_file_id = sent.Id,
            endpoint = "/v1/completions",
            completion_window = "24h",
        })), waitUntilCompleted: true);
        using JsonDocument ended = JsonDocument.Parse((await batch.GetBatchAsync(null)).GetRawResponse().Content);
        Assert.Equal("completed", ended.RootElement.GetProperty("status").GetString());
        BinaryData results = await files.DownloadFileAsync(ended.RootElement.GetProperty("output_file_id").GetString(), Token);
        Assert.Equal(3, results.ToString().Count(c => c == '\n'));
        ClientResultException late = await Assert.ThrowsAsync<ClientResultException>(() => batch.CancelAsync(null));
        Assert.Equal(409, late.Status);
        Assert.True((await files.DeleteFileAsync(sent.Id, Token)).Value.Deleted);
    }
}
