using System.Security.Cryptography.X509Certificates;

namespace LayerStream.Host.Server.Http;

/// <summary>The certificate for TLS, from a PEM file with its key (in it, or beside it) or a PKCS #12 file without a password.</summary>
internal sealed class ServerCertificate
{
    private readonly string _path;
    private readonly string? _keyPath;
    private X509Certificate2 _current;

    /// <summary>Reads the files; the key may stand in the file of the certificate.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate with its key.</exception>
    public ServerCertificate(string path, string? keyPath)
    {
        (_path, _keyPath) = (path, keyPath);
        _current = Read(path, keyPath);
    }

    /// <summary>The certificate for new connections.</summary>
    public X509Certificate2 Current => Volatile.Read(ref _current);

    /// <summary>Reads the files again; connections that stand keep the old one.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate with its key.</exception>
    public void Reload() => Volatile.Write(ref _current, Read(_path, _keyPath));

    private static X509Certificate2 Read(string path, string? keyPath) =>
        Path.GetExtension(path).ToLowerInvariant() is ".pfx" or ".p12"
            ? X509CertificateLoader.LoadPkcs12FromFile(path, password: null)
            : X509Certificate2.CreateFromPemFile(path, keyPath);
}
