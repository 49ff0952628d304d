using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>A pass that is cut between two decoders, each with the state of its own layers: the seam for several machines.</summary>
public sealed class LayerCutTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.Own];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_OfAPassCutBetweenTwoDecoders_HaveTheBitsOfOne(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        int[] ids = golden.Tokens;
        int piece = Math.Min(5, ids.Length);
        using MemoryModel whole = new(golden.Model, golden.Context, KvType.F16, ActivationMode.Int8);
        List<float[]> expected = whole.Run(ids, piece);
        for (int cut = 1; cut < whole.Spec.Layers.Count; cut++)
        {
            using MemoryModel front = new(golden.Model, golden.Context, KvType.F16, ActivationMode.Int8),
                behind = new(golden.Model, golden.Context, KvType.F16, ActivationMode.Int8);
            List<float[]> logits = [];
            if (!whole.Spec.CanCutAt(cut))
            {
                Assert.Throws<ArgumentException>(() => front.Run(behind, cut, ids[..piece], 0, logits));
                continue;
            }

            front.Run(behind, cut, ids[..piece], 0, logits);
            for (int at = piece; at < ids.Length; at++)
            {
                front.Run(behind, cut, [ids[at]], at, logits);
            }

            Assert.Equal(expected, logits);
        }
    }
}
