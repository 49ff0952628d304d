namespace LayerStream.Host.Remote;

/// <summary>A daemon that does not answer, refuses, or breaks an answer off.</summary>
/// <param name="message">What happened, for people.</param>
/// <param name="inner">Its cause.</param>
internal sealed class RemoteException(string message, Exception? inner = null) : Exception(message, inner);
