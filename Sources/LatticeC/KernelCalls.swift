import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// `latticecrf_crf_add_position_kernel`.
@_cdecl("latticecrf_crf_add_position_kernel")
public func addPositionKernel(
  _ crf: UInt64, _ sigmas: UnsafePointer<Float>?, _ sigmaCount: Int32, _ order: Int32,
  _ term: UnsafePointer<latticecrf_term>?
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let term = try TermArguments(term, labelCount: object.labelCount)
    let kernel = SpatialGaussianKernel(
      sigma: try bandwidths(sigmas, sigmaCount, of: "axes", object.grid.rank),
      axisOrder: try axisOrder(order))
    try checkFeatures(object.grid.count, dimensions: object.grid.rank)
    try term.add(kernel, to: object)
  }
}

/// `latticecrf_crf_add_bilateral_kernel`.
@_cdecl("latticecrf_crf_add_bilateral_kernel")
public func addBilateralKernel(
  _ crf: UInt64, _ sigmas: UnsafePointer<Float>?, _ sigmaCount: Int32,
  _ image: UnsafeRawPointer?, _ imageCount: Int64, _ element: Int32, _ channels: Int32,
  _ colorSigmas: UnsafePointer<Float>?, _ colorSigmaCount: Int32, _ order: Int32,
  _ term: UnsafePointer<latticecrf_term>?
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let term = try TermArguments(term, labelCount: object.labelCount)
    let channels = try Arguments.integer(
      channels, in: 1...ImageArguments.mostChannels, "the number of channels")
    let kernel = BilateralKernel(
      spatialSigma: try bandwidths(sigmas, sigmaCount, of: "axes", object.grid.rank),
      colorSigma: try bandwidths(colorSigmas, colorSigmaCount, of: "channels", channels),
      axisOrder: try axisOrder(order))
    try Arguments.count(imageCount, object.grid.count, channels, "the image")
    try checkFeatures(object.grid.count, dimensions: object.grid.rank + channels)
    let image = try ImageArguments.image(
      image, element, on: object.grid, channels: channels,
      leastSigma: kernel.colorSigma.values.min())
    try term.add(kernel, image: image, to: object)
  }
}

/// `latticecrf_crf_add_feature_kernel`.
@_cdecl("latticecrf_crf_add_feature_kernel")
public func addFeatureKernel(
  _ crf: UInt64, _ features: UnsafePointer<Float>?, _ count: Int64, _ dimensions: Int32,
  _ layout: Int32, _ type: Int32, _ parameters: UnsafePointer<Float>?, _ parameterCount: Int64,
  _ term: UnsafePointer<latticecrf_term>?
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let term = try TermArguments(term, labelCount: object.labelCount)
    var features = try FeatureArguments(
      features, count: count, dimensions: dimensions, layout: layout, points: object.grid.count,
      parallelism: object.parallelism)
    try features.transform(by: parameters, count: parameterCount, type: type)
    try term.add(
      FeatureKernel(rows: features.rows, dimensions: features.dimensions), to: object)
  }
}

private func axisOrder(_ order: Int32) throws -> AxisOrder {
  try Enumerations.axisOrders.entry(order)
}

private func bandwidths(
  _ values: UnsafePointer<Float>?, _ count: Int32, of what: String, _ axes: Int
) throws -> Bandwidths {
  guard count == 1 || Int(count) == axes else {
    throw CallError.argument(
      "\(count) bandwidths for \(axes) \(what): give one value, or one for each")
  }
  let bandwidths = Bandwidths(
    try Arguments.numbers(values, count: Int(count), "the bandwidths of \(what)"))
  // Before an image is looked at: the limits of its numbers are multiples of bandwidths.
  _ = try bandwidths.expanded(to: axes, of: what)
  return bandwidths
}

/// What features and a lattice over them take besides what is there already.
func checkFeatures(_ points: Int, dimensions: Int) throws {
  let copies = 2 * MemoryLayout<Float>.size * dimensions
  try Arguments.memory(
    points, bytesEach: copies + 8 * (dimensions + 1), "\(dimensions) features of \(points) points")
}
