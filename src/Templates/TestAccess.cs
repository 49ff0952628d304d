using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Templates.Tests")]
[assembly: InternalsVisibleTo("Fuzz")]
