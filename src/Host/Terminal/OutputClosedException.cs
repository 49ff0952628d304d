namespace LayerStream.Host.Terminal;

/// <summary>Whoever read standard output is gone: nobody is left to run for.</summary>
public sealed class OutputClosedException() : IOException("The reader of standard output is gone.");
