using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads <see cref="DeltaNetSpec"/> off a layer.</summary>
internal static class DeltaNetBuilder
{
    private const int MostHeads = 4096;
    private const int MostHeadValues = 4096;

    internal static BranchSpec? Build(LayerSite site)
    {
        SpecReader reader = site.Reader;
        string p = site.Prefix;
        DeltaNetShape shape = ReadShape(site);
        bool isJoint = reader.Has(p + "ssm_in.weight"), hasMixedGates = reader.Has(p + "ssm_ba.weight");
        if ((isJoint || hasMixedGates) && shape.HeadMap != DeltaHeadMap.Grouped)
        {
            throw reader.Bad($"layer {site.Index} has {p}{(isJoint ? "ssm_in" : "ssm_ba")}.weight, whose order of heads is not that of "
                + "this family");
        }

        WeightMatrix? joint = isJoint ? site.Matrix("ssm_in", site.Width, shape.Channels + shape.ValueWidth) : null;
        WeightMatrix? qkv = isJoint ? null : site.Matrix("attn_qkv", site.Width, shape.Channels);
        WeightMatrix? gate = isJoint ? null : site.Matrix("attn_gate", site.Width, shape.ValueWidth);
        WeightMatrix? gates = hasMixedGates ? site.Matrix("ssm_ba", site.Width, 2 * shape.ValueHeads) : null;
        WeightMatrix? beta = hasMixedGates ? null : site.Matrix("ssm_beta", site.Width, shape.ValueHeads);
        WeightMatrix? alpha = hasMixedGates ? null : site.Matrix("ssm_alpha", site.Width, shape.ValueHeads);
        WeightMatrix? output = site.Matrix("ssm_out", shape.ValueWidth, site.Width);
        SmallWeight? convolution = reader.Small(p + "ssm_conv1d.weight", (long)shape.Taps * shape.Channels);
        SmallWeight? rates = reader.Small(p + "ssm_a", shape.ValueHeads), stepBias = reader.Small(p + "ssm_dt.bias", shape.ValueHeads);
        SmallWeight? norm = reader.Small(p + "ssm_norm.weight", shape.ValueDim);
        bool isComplete = (isJoint ? joint : qkv) is not null && (isJoint || gate is not null) && (hasMixedGates ? gates : beta) is not null
            && (hasMixedGates || alpha is not null);
        if (!isComplete || output is null || convolution is null || rates is null || stepBias is null || norm is null)
        {
            return null;
        }

        return new DeltaNetSpec
        {
            Shape = shape,
            Qkv = qkv,
            Gate = gate,
            Joint = joint,
            Beta = beta,
            Alpha = alpha,
            Gates = gates,
            Convolution = convolution,
            Rates = rates,
            StepBias = stepBias,
            Norm = norm,
            Output = output,
        };
    }

    private static DeltaNetShape ReadShape(LayerSite site)
    {
        SpecReader reader = site.Reader;
        int keyHeads = reader.Integer("ssm.group_count", 1, MostHeads), valueHeads = reader.Integer("ssm.time_step_rank", 1, MostHeads);
        int keyDim = reader.Integer("ssm.state_size", 1, MostHeadValues), taps = reader.Integer("ssm.conv_kernel", 1, CausalConv.MaxTaps);
        int inner = reader.Integer("ssm.inner_size", 1, DenseFfnBuilder.MostWidth);
        if (valueHeads % keyHeads != 0)
        {
            throw reader.BadKey("ssm.time_step_rank", $"= {valueHeads} is no multiple of {reader.Key("ssm.group_count")} = {keyHeads}");
        }

        return inner % valueHeads == 0 && inner / valueHeads <= MostHeadValues
            ? new DeltaNetShape(keyHeads, valueHeads, keyDim, inner / valueHeads, taps, site.Row.DeltaNet!.Value)
            : throw reader.BadKey("ssm.inner_size",
            $"= {inner} does not make {valueHeads} heads ({reader.Key("ssm.time_step_rank")}) of at most {MostHeadValues} values");
    }
}
