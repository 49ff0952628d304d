using System.Buffers.Binary;

namespace LayerStream.Actors.Tracing;

/// <summary>Bytes of a trace file; the layout is described at <see cref="TraceFile"/>.</summary>
internal static class TraceFormat
{
    public const int EventBytes = 40;
    public const int PrefixBytes = 12;
    public const int MaxHeaderBytes = 64 << 20;
    private const int EventsPerBlock = 4096;
    private const int EventsPerStep = 512;

    public static void Save(TraceFile trace, Stream file)
    {
        byte[] header = Check(trace);
        foreach (bool step in Steps(trace, header, file))
        {
            _ = step;
        }
    }

    /// <summary>The header of a trace that may be saved.</summary>
    /// <exception cref="ArgumentException">It breaks a rule of the format.</exception>
    public static byte[] Check(TraceFile trace)
    {
        for (int i = 0; i < trace.Events.Length; i++)
        {
            if (TraceFile.Fault(trace.Events[i], trace.TileNames.Length) is { } fault)
            {
                throw new ArgumentException($"Event {i} cannot be saved: {fault}.", nameof(trace));
            }
        }

        return TraceHeader.Write(trace);
    }

    /// <summary>Writes everything, a block with every step.</summary>
    public static IEnumerable<bool> Steps(TraceFile trace, byte[] header, Stream file)
    {
        byte[] prefix = new byte[PrefixBytes];
        "LSTR"u8.CopyTo(prefix);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix.AsSpan(4), TraceFile.CurrentVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix.AsSpan(8), (uint)header.Length);
        file.Write(prefix);
        file.Write(header);
        byte[] block = new byte[EventsPerStep * EventBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block, trace.Events.Length);
        file.Write(block, 0, 8);
        for (int first = 0; first < trace.Events.Length; first += EventsPerStep)
        {
            int count = Math.Min(EventsPerStep, trace.Events.Length - first);
            for (int i = 0; i < count; i++)
            {
                WriteEvent(block.AsSpan(i * EventBytes, EventBytes), trace.Events[first + i]);
            }
            file.Write(block, 0, count * EventBytes);
            yield return true;
        }
    }

    public static TraceFile Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        Source source = new(file, path);
        byte[] prefix = source.Read(PrefixBytes, "the first 12 bytes");
        source.Require(prefix.AsSpan(0, 4).SequenceEqual("LSTR"u8), 0, "this is not a LayerStream trace (magic \"LSTR\" is missing)");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(4));
        source.Require(version is >= TraceFile.OldestVersion and <= TraceFile.CurrentVersion, 4,
            $"version {version} is not known (this program reads {TraceFile.OldestVersion} to {TraceFile.CurrentVersion})");
        uint headerLength = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8));
        source.Require(headerLength <= MaxHeaderBytes, 8, $"the header claims {headerLength} bytes (at most {MaxHeaderBytes})");
        TraceFile trace = TraceHeader.Read(source, source.Read((int)headerLength, "the header"));
        long countAt = source.Offset;
        long count = BinaryPrimitives.ReadInt64LittleEndian(source.Read(8, "the number of events"));
        source.Require(
            count >= 0 && count == source.Remaining / EventBytes && source.Remaining % EventBytes == 0
                && count <= Array.MaxLength / EventBytes,
            countAt, $"{count} events are claimed, but {source.Remaining} bytes follow ({EventBytes} each)");
        TraceEvent[] events = new TraceEvent[count];
        for (int first = 0; first < count; first += EventsPerBlock)
        {
            int length = (int)Math.Min(EventsPerBlock, count - first);
            long blockAt = source.Offset;
            byte[] block = source.Read(length * EventBytes, "events");
            for (int i = 0; i < length; i++)
            {
                events[first + i] =
                    ReadEvent(block.AsSpan(i * EventBytes, EventBytes), source, blockAt + (i * EventBytes), trace.TileNames.Length,
                        version);
            }
        }
        return trace with { Version = (int)version, Events = events };
    }

    private static void WriteEvent(Span<byte> to, in TraceEvent e)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, e.StartTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], e.EndTicks);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], e.Tile);
        BinaryPrimitives.WriteInt32LittleEndian(to[20..], e.Pass);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], e.Lane);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], e.Bytes);
        to[32] = (byte)e.Kind;
        to[33] = (byte)e.Reason;
        to[34] = e.IsPredicted ? (byte)1 : (byte)0;
        to[35] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(to[36..], e.Rows);
        BinaryPrimitives.WriteUInt16LittleEndian(to[38..], e.Sequence);
    }

    private static TraceEvent ReadEvent(ReadOnlySpan<byte> from, Source source, long offset, int tiles, uint version)
    {
        TraceEvent e = new()
        {
            StartTicks = BinaryPrimitives.ReadInt64LittleEndian(from),
            EndTicks = BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            Tile = BinaryPrimitives.ReadInt32LittleEndian(from[16..]),
            Pass = BinaryPrimitives.ReadInt32LittleEndian(from[20..]),
            Lane = BinaryPrimitives.ReadInt32LittleEndian(from[24..]),
            Bytes = BinaryPrimitives.ReadInt32LittleEndian(from[28..]),
            Kind = (TraceKind)from[32],
            Reason = (StallReason)from[33],
            IsPredicted = from[34] == 1,
            Rows = BinaryPrimitives.ReadUInt16LittleEndian(from[36..]),
            Sequence = BinaryPrimitives.ReadUInt16LittleEndian(from[38..]),
        };
        int unused = version < TraceFile.SequencesVersion ? 40 : 36;
        string? fault = from[34] > 1 || from[35..unused].ContainsAnyExcept((byte)0) ? "reserved bytes are not zero"
            : TraceFile.Fault(e, tiles);
        return fault is null ? e : throw source.Fault(offset, fault, null);
    }

    internal sealed class Source(FileStream file, string path)
    {
        private readonly long _length = file.Length;

        public long Offset { get; private set; }

        public long Remaining => _length - Offset;

        public byte[] Read(int count, string what)
        {
            Require(count <= Remaining, Offset, $"{what} should take {count} bytes, but {Remaining} are left");
            byte[] bytes = new byte[count];
            Require(file.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count, Offset, $"the file ended while {what} were read");
            Offset += count;
            return bytes;
        }

        public void Require(bool holds, long offset, string message)
        {
            if (!holds)
            {
                throw Fault(offset, message, null);
            }
        }

        public InvalidDataException Fault(long offset, string message, Exception? cause)
        {
            InvalidDataException fault = new($"{path}: offset {offset}: {message}.", cause);
            fault.Data["Offset"] = offset;
            return fault;
        }
    }
}
