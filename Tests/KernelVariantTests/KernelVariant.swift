import KernelVariants

/// The kernels as they are compiled for older instruction sets.
enum KernelVariant {
  /// Those that this machine can run, beside the one that it chooses.
  static let others: [(name: String, variant: kernel_variant)] = {
    var others = [("baseline", kernel_variant_baseline().pointee)]
    if let v3 = kernel_variant_v3() { others.append(("x86-64-v3", v3.pointee)) }
    return others
  }()
}
