using Broker.Node.Configuration.Hocon;

namespace Broker.Node.Configuration;

/// <summary>Reads what <c>-file</c> keys name, and checks who else may read it.</summary>
/// <param name="read">Text of a file by path; null when it is not there.</param>
/// <param name="isPublic">Whether everybody on the machine may read a file.</param>
/// <param name="errors">Takes refusals.</param>
internal sealed class SecretFiles(Func<string, string?> read, Func<string, bool> isPublic, ConfigurationErrors errors)
{
    /// <summary>The value of <paramref name="key"/>, or of the file its <c>-file</c> twin names, without the line end at its end.</summary>
    public string Twin(ConfigurationSection section, string key, bool secret)
    {
        var fileKey = key + "-file";
        var text = secret ? section.Secret(key) : section.Text(key, "", maxLength: 65536);
        var file = section.Text(fileKey, "");
        if (file.Length == 0)
        {
            return text;
        }

        var node = section.Node[fileKey]!;
        if (text.Length > 0)
        {
            errors.Add(node, section.Full(fileKey), $"set either {key} or {fileKey}, not both");
            return text;
        }

        var content = Read(node, section.Full(fileKey), file, secret)?.TrimEnd('\r', '\n');
        if (content?.Length == 0)
        {
            errors.Add(node, section.Full(fileKey), $"{file}: the file is empty");
        }

        return content ?? "";
    }

    /// <summary>The text of a file; null, and an error, when it cannot be read or everybody can read what must be kept secret.</summary>
    public string? Read(HoconNode? node, string key, string file, bool secret)
    {
        if (read(file) is not { } text)
        {
            errors.Add(node, key, $"{file}: not found, or not readable as UTF-8 text");
            return null;
        }

        if (secret && isPublic(file))
        {
            AddPublic(node, key, file);
            return null;
        }

        return text;
    }

    /// <summary>An error when a file of bytes is not there, or everybody can read it.</summary>
    public void CheckBytes(HoconNode? node, string key, string file)
    {
        if (!File.Exists(file))
        {
            errors.Add(node, key, $"{file}: not found");
        }
        else if (isPublic(file))
        {
            AddPublic(node, key, file);
        }
    }

    private void AddPublic(HoconNode? node, string key, string file) =>
        errors.Add(node, key, $"{file}: everybody on this machine can read this file; chmod o-r it (Kubernetes: defaultMode 0440)");

    /// <summary>Whether the mode of a file, or of the file a link leads to, lets others read it. Windows has no such mode.</summary>
    public static bool IsReadableByOthers(string file)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(file))
        {
            return false;
        }

        var target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        return File.GetUnixFileMode(target).HasFlag(UnixFileMode.OtherRead);
    }
}
