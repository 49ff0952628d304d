using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Text.Tests")]
[assembly: InternalsVisibleTo("Fuzz")]
