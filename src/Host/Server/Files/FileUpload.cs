using System.Buffers;
using System.Globalization;
using System.Text;
using LayerStream.Host.Server.Http;
using LayerStream.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace LayerStream.Host.Server.Files;

/// <summary>A multipart body on its way to disk: whatever its length, a window of it is in memory.</summary>
/// <param name="store">Where it goes.</param>
/// <param name="owner">Whose it will be.</param>
internal sealed class FileUpload(FileStore store, string owner)
{
    private const int WindowBytes = 64 << 10;
    private const int MostFieldBytes = 1024;
    private const int MostSections = 16;
    private const int MostNameLength = 255;
    private const int MostHeaderBytes = 8 << 10;
    private const long SecondsPerStep = 30; // for every MiB, and to begin with
    private const long StepBytes = 1 << 20;
    private const string Anchor = "expires_after[anchor]", Seconds = "expires_after[seconds]";

    private readonly string _id = StoredFile.NewId();
    private readonly Dictionary<string, string> _fields = [];
    private string? _name;
    private long _bytes;

    /// <summary>Most bytes that one file may have.</summary>
    private long LimitBytes => Math.Min(FileStore.MostFileBytes, store.LimitBytes);

    /// <summary>Receives a file.</summary>
    /// <param name="http">The request.</param>
    /// <param name="memory">Pays for the window and the pages on their way.</param>
    /// <exception cref="ApiException">400 for whatever is wrong with the form, 408 too slow, 413 too long, 415 no form, 429 no memory
    /// now.</exception>
    public async Task<StoredFile> ReceiveAsync(HttpContext http, RequestMemory.Holding memory)
    {
        string boundary = Boundary(http.Request);
        store.RequirePlace();
        memory.Grow(WindowBytes + TransientFile.SmallRoomBytes, "a file");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = LimitBytes + (MostSections * (MostHeaderBytes + MostFieldBytes));
        }

        using CancellationTokenSource clock = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        clock.CancelAfter(TimeSpan.FromSeconds(SecondsPerStep));
        string path = store.UnfinishedPathOf(_id);
        try
        {
            await ReadAsync(new MultipartReader(boundary, http.Request.Body) { HeadersLengthLimit = MostHeaderBytes }, path, clock);
            StoredFile file = Described();
            store.Keep(file, path);
            return file;
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new ApiException(408, "invalid_request_error", "the file did not arrive in time", "body_timeout");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw ApiException.Invalid(null, "the body is no multipart form, or ended early", "invalid_form");
        }
        finally
        {
            store.Take(-_bytes);
            File.Delete(path);
        }
    }

    private static string Boundary(HttpRequest request)
    {
        bool isForm = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);
        string? boundary = isForm ? HeaderUtilities.RemoveQuotes(type!.Boundary).Value : null;
        return !string.IsNullOrEmpty(boundary) && boundary.Length <= MostFieldBytes ? boundary
            : throw new ApiException(415, "invalid_request_error", "the content type must be multipart/form-data",
                "unsupported_media_type");
    }

    private async Task ReadAsync(MultipartReader reader, string path, CancellationTokenSource clock)
    {
        int sections = 0;
        while (await reader.ReadNextSectionAsync(clock.Token) is { } section)
        {
            if (++sections > MostSections
                || !ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? place))
            {
                throw ApiException.Invalid(null, $"the form has more than {MostSections} parts, or one without a name", "invalid_form");
            }

            string field = HeaderUtilities.RemoveQuotes(place.Name).Value ?? "";
            if (field == "file")
            {
                _name = _name is null ? NameOf(place) : throw ApiException.Invalid(field, "'file' is given twice", "duplicate_parameter");
                await SaveAsync(section.Body, path, clock);
            }
            else if (!_fields.TryAdd(field, await TextAsync(section.Body, field, clock.Token)))
            {
                throw ApiException.Invalid(field, $"'{field}' is given twice", "duplicate_parameter");
            }
        }
    }

    private async Task SaveAsync(Stream body, string path, CancellationTokenSource clock)
    {
        byte[] window = ArrayPool<byte>.Shared.Rent(WindowBytes);
        try
        {
            await using TransientFile file = TransientFile.Append(path);
            for (long paid = 0; ;)
            {
                int read = await body.ReadAsync(window, clock.Token);
                if (read == 0)
                {
                    break;
                }

                if (_bytes + read > LimitBytes)
                {
                    throw new ApiException(413, "invalid_request_error", $"a file may have {LimitBytes} bytes at most", "file_too_large");
                }

                store.Take(read);
                _bytes += read;
                file.Write(window.AsSpan(0, read));
                if (_bytes - paid >= StepBytes)
                {
                    paid = _bytes;
                    clock.CancelAfter(TimeSpan.FromSeconds(SecondsPerStep));
                }
            }

            file.FlushToDevice();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    private static async Task<string> TextAsync(Stream body, string field, CancellationToken ct)
    {
        byte[] bytes = new byte[MostFieldBytes + 1];
        int read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return read <= MostFieldBytes ? Encoding.UTF8.GetString(bytes, 0, read)
            : throw ApiException.Invalid(field, $"'{field}' has more than {MostFieldBytes} bytes", "out_of_range");
    }

    // A name is shown and never used as a path.
    private static string NameOf(ContentDispositionHeaderValue place)
    {
        string name = (place.FileNameStar.HasValue ? place.FileNameStar : HeaderUtilities.RemoveQuotes(place.FileName)).Value ?? "";
        name = new string([.. name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Where(c => !char.IsControl(c)).Take(MostNameLength)]);
        return name.Length > 0 ? name : "file";
    }

    private StoredFile Described()
    {
        if (_fields.Keys.FirstOrDefault(f => f is not ("purpose" or Anchor or Seconds)) is { } unknown)
        {
            throw ApiException.Unsupported(unknown);
        }

        if (_name is null || _bytes == 0)
        {
            throw ApiException.Invalid("file", _name is null ? "'file' is missing" : "the file is empty", "missing_parameter");
        }

        string purpose = _fields.GetValueOrDefault("purpose") ?? throw ApiException.Invalid("purpose", "'purpose' is missing",
            "missing_parameter");
        if (!StoredFile.Purposes.Contains(purpose))
        {
            throw ApiException.Invalid("purpose",
                $"'purpose' must be one of {string.Join(", ", StoredFile.Purposes)}: nothing else is done with files here",
                "invalid_value");
        }

        long now = store.Now;
        return new StoredFile(_id, owner, purpose, _name, _bytes, now, Life() is { } seconds ? now + seconds : null);
    }

    private long? Life()
    {
        if (_fields.TryGetValue(Anchor, out string? anchor) && anchor != "created_at")
        {
            throw ApiException.Invalid(Anchor, $"'{Anchor}' must be created_at", "invalid_value");
        }

        return !_fields.TryGetValue(Seconds, out string? text) ? null : FileLife.Check(
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) ? seconds : -1, Seconds);
    }
}
