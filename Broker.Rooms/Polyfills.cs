namespace System.Runtime.CompilerServices;

/// <summary>What the compiler asks for behind <c>init</c> and record structs; the target has none.</summary>
internal static class IsExternalInit;
