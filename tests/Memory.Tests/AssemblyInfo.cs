using Xunit;

// Resident memory is a figure of the whole process: a test beside another that frees memory would measure that too.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
