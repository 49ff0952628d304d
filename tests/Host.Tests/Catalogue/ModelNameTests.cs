using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Tests.Catalogue;

public sealed class ModelNameTests
{
    [Theory]
    [InlineData("SmolLM2-135M-Instruct-Q4_1", "smollm2:135m-instruct-q4_1")]
    [InlineData("Meta-Llama-3.1-8B-Instruct-Q4_K_M", "meta-llama-3.1:8b-instruct-q4_k_m")]
    [InlineData("Qwen3-30B-A3B-Instruct-2507-UD-Q4_K_XL", "qwen3:30b-a3b-instruct-2507-ud-q4_k_xl")]
    [InlineData("mixtral-8x7b-v0.1.Q5_0", "mixtral:8x7b-v0.1-q5_0")]
    [InlineData("Qwen3-0.6B-Q8_0", "qwen3:0.6b-q8_0")]
    [InlineData("gpt-oss-120b-MXFP4", "gpt-oss:120b-mxfp4")]
    [InlineData("gemma-3n-E4B-it-IQ4_XS", "gemma-3n:e4b-it-iq4_xs")]
    [InlineData("model", "model")]
    [InlineData("ggml-model-q4_0", "ggml-model:q4_0")]
    [InlineData("Q4_K_M", "q4_k_m")]
    public void Name_OfAFile_HasFamilySizeAndQuantisation(string stem, string name) => Assert.Equal(name, ModelName.OfFile(stem).Text);

    [Theory]
    [InlineData("SmolLM2-135M-Instruct-Q4_1", "Q4_1")]
    [InlineData("x.i1-IQ3_XXS", "IQ3_XXS")]
    [InlineData("x-f16", "F16")]
    [InlineData("x-Q4_K_M-imat", "Q4_K_M")]
    [InlineData("Qwen", null)]
    [InlineData("deepseek-r1", null)]
    public void QuantTag_OfAName_IsTheOneAtItsEnd(string stem, string? tag) => Assert.Equal(tag, QuantTag.OfName(stem));
}
