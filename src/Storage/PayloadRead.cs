using LayerStream.Formats;

namespace LayerStream.Storage;

/// <summary>Reads until a payload is covered: goes on after short reads and signals, tries transient errors again.</summary>
public static class PayloadRead
{
    internal const int TransientRetries = 2;
    private const int MaxFruitlessReads = 64; // in a row without a new byte: the file ends here
    private const int MaxInterruptions = 1000;

    /// <summary>Fills the window buffer far enough to cover the payload.</summary>
    /// <param name="device">Where to read.</param>
    /// <param name="extent">The payload; its window is smaller than 2 GiB.</param>
    /// <param name="destination">Window buffer.</param>
    /// <param name="bytesRead">Bytes the device delivered, including those read twice.</param>
    /// <returns>Null when every byte of the payload was filled.</returns>
    public static FlashReadException? Fill(IFlashDevice device, Extent extent, nint destination, out long bytesRead)
    {
        ExtentWindow window = extent.Window;
        bytesRead = 0;
        long needed = window.PayloadOffset + extent.Length;
        if (extent.Length == 0)
        {
            return null;
        }

        int position = 0; // aligned; everything before it is filled
        int furthest = 0; // everything before it is filled
        int retries = 0, fruitless = 0, interruptions = 0;
        while (true)
        {
            int wanted = (int)window.Length - position;
            int count;
            try
            {
                count = device.Read(extent.File, window.Offset + position, destination + position, wanted);
            }
            catch (FlashReadException e) when (e.Errno == Errno.Interrupted && ++interruptions <= MaxInterruptions)
            {
                continue;
            }
            catch (FlashReadException e) when (Errno.IsTransient(e.Errno) && ++retries <= TransientRetries)
            {
                continue;
            }
            catch (Exception e) // a device that fails in any other way must not end the thread
            {
                return Describe(device, extent, e);
            }

            if (count < 0 || count > wanted)
            {
                return Short(device, extent, $"the device claims {count} bytes of {wanted}");
            }

            bytesRead += count;
            if (position + count >= needed)
            {
                return null;
            }

            bool atEnd = count == 0 || ++fruitless > MaxFruitlessReads;
            if (position + count > furthest)
            {
                furthest = position + count;
                retries = fruitless = 0;
            }
            else if (atEnd)
            {
                return Short(device, extent,
                    $"short read: the file ends at byte {window.Offset + furthest}, the payload at byte {extent.Offset + extent.Length}");
            }

            position = (int)ExtentWindow.RoundDown(furthest);
        }
    }

    private static FlashReadException Short(IFlashDevice device, Extent extent, string reason) =>
        new(device.Files[extent.File], extent.Offset, extent.Length, 0, reason);

    private static FlashReadException Describe(IFlashDevice device, Extent extent, Exception e) => e is FlashReadException f
        ? new FlashReadException(f.File, extent.Offset, extent.Length, f.Errno, f.Reason)
        : new FlashReadException(device.Files[extent.File], extent.Offset, extent.Length, 0, $"{e.GetType().Name}: {e.Message}");
}
