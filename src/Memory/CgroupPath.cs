using System.Text;

namespace LayerStream.Memory;

/// <summary>Where the control group of this process lies under one version of the kernel's interface (cgroups(7)).</summary>
/// <param name="MountPoint">Where the hierarchy is mounted.</param>
/// <param name="Below">The group, relative to it.</param>
/// <param name="IsVersion2">Which interface.</param>
internal sealed record CgroupPath(string MountPoint, string Below, bool IsVersion2)
{
    private const int MaxDepth = 64;

    /// <summary>The group of a controller: of version 1 first, where there is one, then of version 2, whatever controllers it
    /// has.</summary>
    internal static IEnumerable<CgroupPath> Find(string systemRoot, string controller)
    {
        string? groups = PseudoFile.Text(Path.Combine(systemRoot, "proc/self/cgroup"));
        string? mounts = PseudoFile.Text(Path.Combine(systemRoot, "proc/self/mountinfo"));
        if (groups is null || mounts is null)
        {
            yield break;
        }

        for (int version = 1; version <= 2; version++)
        {
            bool isVersion2 = version == 2;
            if (FindGroup(groups, controller, isVersion2) is { } group && FindMount(mounts, controller, isVersion2) is { } mount)
            {
                string mountPoint = Path.Combine(systemRoot, mount.Point.TrimStart('/'));
                yield return new CgroupPath(mountPoint, RelativeTo(mount.Root, group), isVersion2);
            }
        }
    }

    /// <summary>The group's directory first, then its ancestors' up to the mount.</summary>
    internal IEnumerable<string> Directories()
    {
        string[] names = Below.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int depth = Math.Min(names.Length, MaxDepth); depth >= 0; depth--)
        {
            yield return Path.Combine([MountPoint, .. names.AsSpan(0, depth)]);
        }
    }

    /// <summary>Path of this process's group from lines "id:controllers:path" (cgroups(7)).</summary>
    private static string? FindGroup(string text, string controller, bool isVersion2)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length == 3 && (isVersion2 ? fields is ["0", "", _] : fields[1].Split(',').Contains(controller)))
            {
                return fields[2];
            }
        }

        return null;
    }

    /// <summary>Mount of the controller from "id parent dev root point options … - type source superoptions" (proc(5)).</summary>
    private static (string Root, string Point)? FindMount(string text, string controller, bool isVersion2)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int dash = line.IndexOf(" - ", StringComparison.Ordinal);
            string[] left = line[..Math.Max(0, dash)].Split(' ');
            string[] right = line[(dash < 0 ? line.Length : dash + 3)..].Split(' ');
            if (left.Length < 5 || right.Length < 3)
            {
                continue;
            }

            if (isVersion2 ? right[0] == "cgroup2" : right[0] == "cgroup" && right[2].Split(',').Contains(controller))
            {
                return (Unescape(left[3]), Unescape(left[4]));
            }
        }

        return null;
    }

    /// <summary>The group relative to the mount; the mount itself when the group lies outside it, as in some containers.</summary>
    private static string RelativeTo(string mountRoot, string group)
    {
        if (group.Split('/').Contains(".."))
        {
            return "";
        }

        string root = mountRoot.TrimEnd('/');
        return group == root || group.StartsWith(root + "/", StringComparison.Ordinal) ? group[root.Length..] : "";
    }

    /// <summary>Octal escapes of mountinfo ("\040" is a space).</summary>
    private static string Unescape(string text)
    {
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
