using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Sampling.Tests")]
