using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>One gated activation: f(gate, up) on eight lanes, and its scalar twin.</summary>
internal interface IGatedUnit
{
    static abstract Vector256<float> Apply(Vector256<float> gate, Vector256<float> up);

    static abstract float Apply(float gate, float up);
}

/// <summary>gate / (1 + e^-gate) * up.</summary>
internal readonly struct SiluUnit : IGatedUnit
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> gate, Vector256<float> up) =>
        gate / (Vector256<float>.One + Lanes.Exp(-gate)) * up;

    public static float Apply(float gate, float up) => gate / (1f + Lanes.Exp(-gate)) * up;
}

/// <summary>Tanh GELU times up; ½x(1 + tanh u) is x / (1 + e^-2u) with u = √(2/π)(x + 0.044715 x³).</summary>
internal readonly struct GeluUnit : IGatedUnit
{
    private const float MinusTwoRoot = -1.5957691216057308f; // -2 √(2/π)
    private const float Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> gate, Vector256<float> up)
    {
        Vector256<float> inner = Lanes.MultiplyAdd(gate * gate, Vector256.Create(Cubic), Vector256<float>.One) * gate;
        return gate / (Vector256<float>.One + Lanes.Exp(inner * Vector256.Create(MinusTwoRoot))) * up;
    }

    public static float Apply(float gate, float up)
    {
        float inner = Lanes.MultiplyAdd(gate * gate, Cubic, 1f) * gate;
        return gate / (1f + Lanes.Exp(inner * MinusTwoRoot)) * up;
    }
}

/// <summary>up / (1 + e^-gate).</summary>
internal readonly struct SigmoidUnit : IGatedUnit
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> gate, Vector256<float> up) =>
        up / (Vector256<float>.One + Lanes.Exp(-gate));

    public static float Apply(float gate, float up) => up / (1f + Lanes.Exp(-gate));
}

/// <summary>g·sigmoid(1.702 g)·(u + 1), g = min(gate, 7), u = clamp(up, −7, 7); the gate has no lower bound.</summary>
internal readonly struct ClampedSwishUnit : IGatedUnit
{
    private const float Limit = 7f;
    private const float MinusAlpha = -1.702f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> gate, Vector256<float> up)
    {
        Vector256<float> limit = Vector256.Create(Limit);
        Vector256<float> g = Vector256.ConditionalSelect(Vector256.GreaterThan(gate, limit), limit, gate);
        Vector256<float> u = Vector256.ConditionalSelect(Vector256.GreaterThan(up, limit), limit, up);
        u = Vector256.ConditionalSelect(Vector256.LessThan(u, -limit), -limit, u);
        return g / (Vector256<float>.One + Lanes.Exp(g * Vector256.Create(MinusAlpha))) * (u + Vector256<float>.One);
    }

    public static float Apply(float gate, float up)
    {
        float g = gate > Limit ? Limit : gate;
        float u = up > Limit ? Limit : up;
        u = u < -Limit ? -Limit : u;
        return g / (1f + Lanes.Exp(g * MinusAlpha)) * (u + 1f);
    }
}
