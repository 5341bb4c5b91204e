using BenchmarkDotNet.Running;
using Broker.Bench.EndToEnd;
using Broker.Bench.Micro;

if (args is ["micro", .. var rest])
{
    // In this process: a project that the library generates would need packages that this one keeps to itself.
    BenchmarkSwitcher.FromAssembly(typeof(MaskingBenchmarks).Assembly).Run(["--inProcess", .. rest]);
    return 0;
}

return await new BenchCommand().InvokeAsync(args);
