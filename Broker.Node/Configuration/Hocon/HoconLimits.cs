namespace Broker.Node.Configuration.Hocon;

/// <summary>Bounds on what is read, so that no file can exhaust the stack or the memory.</summary>
internal static class HoconLimits
{
    /// <summary>Objects and arrays inside each other; a key in a dotted path counts as one.</summary>
    public const int Depth = 64;

    /// <summary>Files including each other.</summary>
    public const int IncludeDepth = 16;

    /// <summary>Files of one configuration.</summary>
    public const int Files = 256;

    /// <summary>Characters of all files of one configuration.</summary>
    public const int Characters = 4 * 1024 * 1024;

    /// <summary>Substitutions that lead to each other.</summary>
    public const int Chain = 64;

    /// <summary>Characters of the tree after substitution.</summary>
    public const int Expanded = 16 * 1024 * 1024;
}
