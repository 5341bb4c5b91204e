using System.Text;

namespace Broker.Node.Configuration.Hocon;

/// <summary>
/// Puts values where substitutions stand, over the whole merged tree: a key of the tree first, then a variable of the environment
/// of that name. A substitution that leads to itself is an error. Shared results are shared; the size they would have
/// written out is bounded by <see cref="HoconLimits.Expanded"/>, chains by <see cref="HoconLimits.Chain"/>.
/// </summary>
internal sealed class HoconResolver(HoconObject root, IReadOnlyDictionary<string, string> environment)
{
    private readonly Dictionary<HoconNode, HoconNode?> _shallow = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<HoconNode, (HoconNode Node, Extent Extent)> _deep = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<HoconNode> _open = new(ReferenceEqualityComparer.Instance);
    private int _chain;
    private long _made;

    public HoconError? Error { get; private set; }

    /// <summary>A new tree of objects, arrays and scalars; null and <see cref="Error"/> on the first fault.</summary>
    public HoconObject? Resolve()
    {
        var tree = Deep(root, 0, out _);
        return Error is null ? tree as HoconObject : null;
    }

    /// <returns>Null: nothing is there (an optional substitution), or an error.</returns>
    private HoconNode? Deep(HoconNode node, int depth, out Extent extent)
    {
        extent = default;
        if (Shallow(node) is not { } plain || Error is not null)
        {
            return null;
        }

        var result = Deep(node, plain, depth, ref extent);
        if (result is not null && depth + extent.Height > HoconLimits.Depth)
        {
            // Of what was resolved elsewhere too: shared values may stand inside each other.
            FailTooDeep(node);
        }

        return Error is null ? result : null;
    }

    private HoconNode? Deep(HoconNode node, HoconNode plain, int depth, ref Extent extent)
    {
        if (plain is HoconScalar scalar)
        {
            extent = new Extent(16 + scalar.Text.Length, 0);
            return scalar;
        }

        if (_deep.TryGetValue(plain, out var done))
        {
            extent = done.Extent;
            return done.Node;
        }

        if (depth > HoconLimits.Depth)
        {
            FailTooDeep(node);
            return null;
        }

        if (!_open.Add(plain))
        {
            Fail(node, "a substitution puts a value inside itself");
            return null;
        }

        HoconNode result = plain is HoconObject source ? Members(source, depth, ref extent) : Items((HoconArray)plain, depth, ref extent);
        _open.Remove(plain);
        if (extent.Size > HoconLimits.Expanded)
        {
            Fail(node, $"larger than {HoconLimits.Expanded} characters after substitution");
        }

        _deep[plain] = (result, extent);
        return result;
    }

    private HoconObject Members(HoconObject source, int depth, ref Extent extent)
    {
        var result = new HoconObject(source.Position);
        foreach (var (key, value) in source.Members)
        {
            if (Deep(value, depth + 1, out var inner) is { } resolved)
            {
                result.Put(key, resolved);
                extent = extent.Around(inner, key.Length);
            }

            if (Error is not null)
            {
                break;
            }
        }

        return result;
    }

    private HoconArray Items(HoconArray source, int depth, ref Extent extent)
    {
        var result = new HoconArray(source.Position);
        foreach (var item in source.Items)
        {
            if (Deep(item, depth + 1, out var inner) is { } resolved)
            {
                result.Items.Add(resolved);
                extent = extent.Around(inner, 0);
            }

            if (Error is not null)
            {
                break;
            }
        }

        return result;
    }

    /// <summary>An object or array with its own members still unresolved, or a scalar; so that <c>a.b</c> may refer to <c>a.c</c>.</summary>
    private HoconNode? Shallow(HoconNode node)
    {
        if (!node.IsDeferred || Error is not null)
        {
            return node;
        }

        if (_shallow.TryGetValue(node, out var done))
        {
            return done;
        }

        if (++_chain > HoconLimits.Chain || !_open.Add(node))
        {
            Fail(node, _chain > HoconLimits.Chain ? $"more than {HoconLimits.Chain} substitutions lead to each other" : $"{Shown(node)} leads to itself");
            _chain--;
            return null;
        }

        var value = node switch
        {
            HoconSubstitution substitution => Substitute(substitution),
            HoconJoin join => Join(join),
            _ => Overlay((HoconLayers)node),
        };
        _open.Remove(node);
        _chain--;
        _shallow[node] = value;
        return value;
    }

    private HoconNode? Substitute(HoconSubstitution substitution)
    {
        var found = substitution.Prefix.Count > 0 ? Lookup([.. substitution.Prefix, .. substitution.Path]) : null;
        found ??= Lookup(substitution.Path);
        if (found is null && Error is null && environment.TryGetValue(substitution.Name, out var variable))
        {
            return new HoconScalar(substitution.Position, variable, quoted: true);
        }

        if (found is null && !substitution.Optional)
        {
            Fail(substitution, $"{Shown(substitution)}: neither a key nor a variable of the environment has this name");
        }

        return found;
    }

    private HoconNode? Lookup(IReadOnlyList<string> path)
    {
        HoconNode? node = root;
        foreach (var key in path)
        {
            node = (node as HoconObject)?[key] is { } child ? Shallow(child) : null;
        }

        return node;
    }

    private HoconScalar? Join(HoconJoin join)
    {
        var text = new StringBuilder();
        var any = false;
        foreach (var part in join.Parts)
        {
            var value = Shallow(part);
            if (value is HoconScalar scalar)
            {
                any |= part is HoconSubstitution || !string.IsNullOrWhiteSpace(scalar.Text);
                text.Append(scalar.Text);
                _made += scalar.Text.Length;
            }
            else if (value is not null)
            {
                Fail(part, $"{Shown(part)} is an object or array and cannot be joined with a string");
            }

            if (_made > HoconLimits.Expanded)
            {
                Fail(join, $"larger than {HoconLimits.Expanded} characters after substitution");
            }

            if (Error is not null)
            {
                return null;
            }
        }

        return any ? new HoconScalar(join.Position, text.ToString(), quoted: true) : null;
    }

    private HoconNode? Overlay(HoconLayers layers)
    {
        HoconNode? value = null;
        foreach (var layer in layers.Values)
        {
            var next = Shallow(layer);
            value = value is HoconObject earlier && next is HoconObject later ? Overlay(earlier, later) : next ?? value;
        }

        return value;
    }

    /// <summary>A new object: both may be reached by other keys too and must stay as they are.</summary>
    private HoconObject Overlay(HoconObject earlier, HoconObject later)
    {
        _made += 16L * (earlier.Members.Count + later.Members.Count);
        if (_made > HoconLimits.Expanded)
        {
            Fail(later, $"larger than {HoconLimits.Expanded} characters after substitution");
            return later;
        }

        var result = new HoconObject(earlier.Position);
        foreach (var (key, value) in earlier.Members)
        {
            result.Replace(key, value);
        }

        foreach (var (key, value) in later.Members)
        {
            var merged = value;
            if (earlier[key] is { } old && (value.IsDeferred || value is HoconObject))
            {
                // Not HoconLayers.Add, which would merge into a shared object.
                merged = new HoconLayers(old, value);
            }

            result.Replace(key, merged);
        }

        return result;
    }

    private void FailTooDeep(HoconNode node) => Fail(node, $"nested deeper than {HoconLimits.Depth} after substitution");

    private void Fail(HoconNode node, string message) => Error ??= new HoconError(node.Position, message);

    private static string Shown(HoconNode node) => node is HoconSubstitution s ? $"${{{(s.Optional ? "?" : "")}{s.Name}}}" : "value";

    /// <summary>What a value comes to where it is written out: characters, and levels below its own.</summary>
    private readonly record struct Extent(long Size, int Height)
    {
        public Extent Around(Extent inner, int key) => new(Size + inner.Size + key, Math.Max(Height, inner.Height + 1));
    }
}
