using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Tokenization.Tests")]
[assembly: InternalsVisibleTo("Fuzz")]
