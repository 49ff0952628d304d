namespace LayerStream.Host.Tests.Session;

/// <summary>Tests that measure the heap of the process: nothing else may run beside them.</summary>
[CollectionDefinition(nameof(HeapMeasurements), DisableParallelization = true)]
public sealed class HeapMeasurements;
