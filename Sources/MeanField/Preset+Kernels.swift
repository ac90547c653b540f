extension Preset {
  /// The preset's kernels in words, in the order of `terms(selfTerm:axisOrder:)`.
  public var kernels: [KernelDescription] {
    [
      KernelDescription(
        .gaussian, weight: spatial.weight, ["spatial": .bandwidths(spatial.sigma)]),
      KernelDescription(
        .bilateral, weight: bilateral.weight,
        [
          "spatial": .bandwidths(bilateral.spatialSigma),
          "color": .bandwidths(bilateral.colorSigma),
        ]),
    ]
  }
}
