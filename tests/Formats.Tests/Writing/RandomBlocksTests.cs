using System.Security.Cryptography;
using LayerStream.Formats.Writing;
using Xunit;

namespace LayerStream.Formats.Tests;

/// <summary>Synthetic models are the same bytes on every machine and in every version.</summary>
public sealed class RandomBlocksTests
{
    /// <summary>The first eight bytes of a SHA-256 over blocks of several deviations.</summary>
    private static readonly Dictionary<TensorType, string> s_hashes = new()
    {
        [TensorType.Q8_0] = "A1140AF4B9F7919F",
        [TensorType.Q4_K] = "5F35F2BD2B80B807",
        [TensorType.Q6_K] = "18A255FC77927375",
        [TensorType.MXFP4] = "2C87775F81EA143C",
    };

    public static TheoryData<TensorType> Types() => [.. RandomBlocks.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Fill_OfASeed_HasTheStoredBytes(TensorType type)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] blocks = new byte[1001 * TensorTypes.Get(type).BlockBytes];
        foreach (double deviation in (double[])[1 / Math.Sqrt(53248), 1 / Math.Sqrt(2880), 1 / Math.Sqrt(2048), 1 / 16.0, 1, 11])
        {
            RandomBlocks.Fill(type, deviation, blocks, seed: 5);
            hash.AppendData(blocks);
            if (TensorTypes.Get(type).Random!.Largest is not null)
            {
                RandomBlocks.SetLargest(type, blocks);
                hash.AppendData(blocks);
            }
        }

        Assert.Equal(s_hashes[type], Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8)));
    }
}
