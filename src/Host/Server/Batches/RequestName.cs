using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace LayerStream.Host.Server.Batches;

/// <summary>Names by which requests and results of a batch are known.</summary>
internal static class RequestName
{
    /// <summary>Longest name that a client may give, in characters.</summary>
    public const int MostLength = 512;

    /// <summary>Memory of a name in a set of them.</summary>
    public const int HeldBytes = 64;

    /// <summary>The name as a set of many holds it.</summary>
    public static UInt128 Of(string customId) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(customId)));
}
