using System.Text.Json.Serialization;

namespace LayerStream.Host.Server.Batches;

/// <summary>Where a batch stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BatchStatus>))]
internal enum BatchStatus
{
    /// <summary>Its lines are checked.</summary>
    Validating,

    /// <summary>A line was wrong, or its results cannot be kept.</summary>
    Failed,

    /// <summary>Its requests are answered, or wait for their turn.</summary>
    InProgress,

    /// <summary>Its results become files.</summary>
    Finalizing,

    /// <summary>Every request has an answer or an error.</summary>
    Completed,

    /// <summary>Its time was over first.</summary>
    Expired,

    /// <summary>It was asked to end.</summary>
    Cancelling,

    /// <summary>It has ended because it was asked to.</summary>
    Cancelled,
}
