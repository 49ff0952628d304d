using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Types;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>Prepared activations and products have stored bits: the same on every machine and at every level, whatever this process
/// has.</summary>
public sealed unsafe class ProductHashTests
{
    private const int Rows = 19, Tokens = 6;

    /// <summary>The first eight bytes of the SHA-256 of everything <see cref="Hash"/> computes.</summary>
    private static readonly Dictionary<TensorType, string> s_hashes = new()
    {
        [TensorType.F32] = "97E2EAC38072BDFA",
        [TensorType.F16] = "F91BE80BA6868BBA",
        [TensorType.BF16] = "18DCC50FC15B8C77",
        [TensorType.F64] = "258FAD0066077A39",
        [TensorType.Q4_0] = "A8B38C7AAE3F9580",
        [TensorType.Q4_1] = "3CCC7B266A895B32",
        [TensorType.Q5_0] = "2D751B557E8EBB67",
        [TensorType.Q5_1] = "4A27847FF11AF255",
        [TensorType.Q8_0] = "B6280586B0E662A4",
        [TensorType.Q1_0] = "BDBB34D7BFE938B9",
        [TensorType.Q2_0] = "8261025E98063C8C",
        [TensorType.IQ4_NL] = "D73D38FC782DA643",
        [TensorType.MXFP4] = "3860BA832A7CCA28",
        [TensorType.Q2_K] = "E71721A11EAD8EEE",
        [TensorType.Q3_K] = "16CDA1FFC853072B",
        [TensorType.Q4_K] = "44B7EF955259B6B0",
        [TensorType.Q5_K] = "FA9271EDB8B4A98B",
        [TensorType.Q6_K] = "1FA6BC21B18A4A44",
        [TensorType.IQ4_XS] = "7E93881A7E10DB6E",
        [TensorType.TQ1_0] = "D0F9CADA714DBF72",
        [TensorType.TQ2_0] = "4A326B6606A4EDFC",
        [TensorType.IQ1_S] = "C18DD863E6DECB48",
        [TensorType.IQ1_M] = "5DDABA42908EA5BA",
        [TensorType.IQ2_XXS] = "B285E7B97E17F273",
        [TensorType.IQ2_XS] = "AC587539FD9C640A",
        [TensorType.IQ2_S] = "7E9E8E56E7557A63",
        [TensorType.IQ3_XXS] = "8539C04AF316727B",
        [TensorType.IQ3_S] = "1304E014E342A914",
        [TensorType.NVFP4] = "2DF23FB79C26921B",
    };

    /// <summary>The same with 16-bit activations.</summary>
    private static readonly Dictionary<TensorType, string> s_digitHashes = new()
    {
        [TensorType.Q4_0] = "3C01852FE445A879",
        [TensorType.Q4_1] = "178DBF09F0D6BEEF",
        [TensorType.Q5_0] = "834DF4157D598CD5",
        [TensorType.Q5_1] = "2383FA392C7AE4DF",
        [TensorType.Q8_0] = "5C4D757405512F43",
        [TensorType.Q1_0] = "A23821F35C93BCC2",
        [TensorType.Q2_0] = "16A283A5CF11CB9F",
        [TensorType.IQ4_NL] = "A4402AAF3CDDFFF2",
        [TensorType.MXFP4] = "D69D637E84BEBE4D",
        [TensorType.Q2_K] = "BB9E4AA5DEDE5C27",
        [TensorType.Q3_K] = "E9FBC2F3EF093D1C",
        [TensorType.Q4_K] = "426C78163BD984AC",
        [TensorType.Q5_K] = "71CABBD9A2439A5F",
        [TensorType.Q6_K] = "5E3AE9AD1E6C5882",
        [TensorType.IQ4_XS] = "CBEC5108381F1985",
        [TensorType.TQ1_0] = "6A813EB049F6BD04",
        [TensorType.TQ2_0] = "0250A4DE421ADA15",
        [TensorType.IQ1_S] = "5C8C9C5B50724B0A",
        [TensorType.IQ1_M] = "C24BA43238605CCF",
        [TensorType.IQ2_XXS] = "E57E22672A8F0788",
        [TensorType.IQ2_XS] = "C87CF96AD2BC01A7",
        [TensorType.IQ2_S] = "F34CF8FEB748A7E1",
        [TensorType.IQ3_XXS] = "682282B5AE5D80BD",
        [TensorType.IQ3_S] = "67236CCE1F5879CC",
        [TensorType.NVFP4] = "8847466BDCB189B0",
    };

    public static TheoryData<TensorType> Types() => new(QuantTypes.All.Select(row => row.Type));

    public static TheoryData<TensorType> BlockTypes() =>
        new(QuantTypes.All.Where(row => row.IntegerLayout != ActivationLayout.F32).Select(row => row.Type));

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_OfAType_HasTheStoredBits(TensorType type) =>
        Assert.Equal(s_hashes[type], Hash(type, ActivationMode.Int8, ActivationMode.F32));

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Multiply_OfABlockTypeAnd16BitActivations_HasTheStoredBits(TensorType type) =>
        Assert.Equal(s_digitHashes[type], Hash(type, ActivationMode.Int16));

    [Fact]
    public void Table_OfTypes_HasOneRowPerTypeThatFilesMayHoldAndOneHashEach()
    {
        // Integers are no weights; Q8_1 and Q8_K are formats of activations.
        TensorType[] others = [TensorType.I8, TensorType.I16, TensorType.I32, TensorType.I64, TensorType.Q8_1, TensorType.Q8_K];
        Assert.Equal(Enum.GetValues<TensorType>().Except(others).Order(), QuantTypes.All.Select(row => row.Type).Order());
        Assert.Equal(QuantTypes.All.Select(row => row.Type).Order(), s_hashes.Keys.Order());
        Assert.All(QuantTypes.All, row => Assert.Equal(
            (TensorTypes.Get(row.Type).BlockSize, TensorTypes.Get(row.Type).BlockBytes), (row.BlockElements, row.BlockBytes)));
    }

    /// <summary>Prepared rows and products in some modes, of one token and of several, of rows that end with and within eight
    /// blocks.</summary>
    private static string Hash(TensorType type, params ActivationMode[] modes)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int block = QuantTypes.Find(type)!.BlockElements;
        foreach (int columns in new[] { 9 * 256, Math.Max(block, 32) * 9 })
        {
            var random = new Random(columns + (int)type);
            byte[] weights = QuantSamples.Weights(type, Rows * columns, random);
            float[] x = QuantSamples.Activations(Tokens * columns, random);
            foreach (ActivationMode mode in modes)
            {
                ActivationLayout layout = MatMul.LayoutFor(type, mode);
                long stride = MatMul.RowBytes(layout, columns);
                var prepared = new byte[stride * Tokens];
                var y = new float[Rows * (Tokens + 1)];
                fixed (float* source = x, output = y)
                fixed (byte* w = weights, a = prepared)
                {
                    for (int t = 0; t < Tokens; t++)
                    {
                        MatMul.Prepare(layout, (nint)(source + (t * columns)), columns, (nint)(a + (t * stride)));
                    }

                    WeightRows matrix = new(type, (nint)w, columns);
                    PreparedRows all = new(layout, (nint)a, stride, Tokens);
                    FloatRows results = new((nint)output, Rows);
                    MatMul.Multiply(matrix, new IndexRange(0, Rows), all, results);
                    MatMul.Multiply(matrix, new IndexRange(0, Rows), all with { Count = 1 }, results.FromRow(Tokens));
                }

                sha.AppendData(prepared);
                sha.AppendData(MemoryMarshal.AsBytes<float>(y));
            }
        }

        return Convert.ToHexString(sha.GetHashAndReset().AsSpan(0, 8));
    }
}
