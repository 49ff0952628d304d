using System.Text;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Fields of a protobuf message, as far as a test needs them: texts and messages by the path of their field numbers.</summary>
internal static class ProtobufReader
{
    /// <summary>Every value at a path, for example 1, 2, 2, 1 for the names of metrics of an export request.</summary>
    internal static IEnumerable<byte[]> At(byte[] message, params int[] path)
    {
        IEnumerable<byte[]> found = [message];
        foreach (int field in path)
        {
            found = [.. found.SelectMany(m => Fields(m).Where(f => f.Number == field).Select(f => f.Bytes))];
        }

        return found;
    }

    /// <summary>The same as texts.</summary>
    internal static IEnumerable<string> TextsAt(byte[] message, params int[] path) => At(message, path).Select(Encoding.UTF8.GetString);

    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        List<(int, byte[])> fields = [];
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Varint(message, ref at);
            int length = (int)(key & 7) switch
            {
                0 => VarintLength(message, at),
                1 => 8,
                5 => 4,
                2 => checked((int)Varint(message, ref at)),
                _ => throw new InvalidDataException($"no wire type {key & 7} at {at}"),
            };
            fields.Add(((int)(key >> 3), message[at..(at + length)]));
            at += length;
        }

        return fields;
    }

    private static int VarintLength(byte[] message, int at)
    {
        int end = at;
        Varint(message, ref end);
        return end - at;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number does not end");
    }
}
