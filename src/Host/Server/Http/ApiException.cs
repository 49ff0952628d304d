namespace LayerStream.Host.Server.Http;

/// <summary>A refusal with an HTTP status and the fields of an OpenAI-style error object.</summary>
internal sealed class ApiException(int status, string type, string message, string? code = null, string? param = null) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Status { get; } = status;

    /// <summary>Class of the error, such as <c>invalid_request_error</c>.</summary>
    public string Type { get; } = type;

    /// <summary>Machine-readable reason, or null.</summary>
    public string? Code { get; } = code;

    /// <summary>The request member at fault, or null.</summary>
    public string? Param { get; } = param;

    /// <summary>Seconds for a Retry-After header; 0 = none.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>Value of an Allow header, or null.</summary>
    public string? Allow { get; init; }

    /// <summary>Tensor that could not be read, or null.</summary>
    public string? Tensor { get; init; }

    /// <summary>File offset that could not be read; negative = none.</summary>
    public long Offset { get; init; } = -1;

    /// <summary>System error number of a failed read.</summary>
    public int Errno { get; init; }

    /// <summary>A 400 that names the member at fault.</summary>
    public static ApiException Invalid(string? param, string message, string? code = null) =>
        new(400, "invalid_request_error", message, code, param);

    /// <summary>A 400 for a member that is not known here, or that cannot be honoured.</summary>
    public static ApiException Unsupported(string param) =>
        Invalid(param, $"this server does not support the parameter '{param}'", "unsupported_parameter");
}
