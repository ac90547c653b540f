import Lattice
import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// The associations of a batch of images, with the threads that they use.
struct AssociationObject: Sendable {
  static let all = ObjectTable<AssociationObject>(of: "association")

  let images: [Association]
  let points: Int
  let channels: Int
  let parallelism: Parallelism
}

/// `latticecrf_association_create`.
@_cdecl("latticecrf_association_create")
public func createAssociation(
  _ extents: UnsafePointer<Int64>?, _ rank: Int32,
  _ pairs: UnsafePointer<latticecrf_pairs>?, _ values: UnsafePointer<Float>?, _ count: Int64,
  _ channels: Int32, _ mask: UnsafePointer<Float>?, _ maskCount: Int64,
  _ sums: UnsafeMutablePointer<Double>?, _ sumCount: Int64,
  _ association: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let grid = try Arguments.grid(extents, rank: rank)
    let given = try AssociationArguments(
      Arguments.structure(pairs, "pairs", defaults: latticecrf_pairs()), on: grid)
    let number = try association.map {
      try Arguments.pointer($0, "association", alignment: 8)
    }
    let channels = try Arguments.integer(
      channels, in: 1...Arguments.mostLabels, "the number of channels")
    let batch = given.batch
    let values = try Arguments.pointer(values, "values")
    try Arguments.count(count, batch * grid.count, channels, "the array of values")
    if let mask {
      _ = try Arguments.pointer(mask, "mask")
      try Arguments.count(maskCount, batch, grid.count, "the mask")
    }
    let sums = try Arguments.pointer(sums, "sums", alignment: 8)
    try Arguments.count(sumCount, batch, 1, "the array of sums")
    let parallelism = given.parallelism.suited(to: grid.count * channels)
    let flag = Cancellation.flag
    // Images side by side: one has stages that a single thread goes through. Their own stages take
    // the threads that are left.
    let images = try parallelism.map(batch) { image in
      if flag?.isSet == true { throw CallCancelled() }
      return try given.association(
        image, values: values + image * channels * grid.count, channels: channels,
        mask: mask.map { $0 + image * grid.count }, parallelism: parallelism)
    }
    try Cancellation.check()
    for (image, part) in images.enumerated() { sums[image] = part.sum }
    number?.pointee = AssociationObject.all.add(
      AssociationObject(
        images: images, points: grid.count, channels: channels, parallelism: parallelism))
  }
}

/// `latticecrf_association_destroy`.
@_cdecl("latticecrf_association_destroy")
public func destroyAssociation(_ association: UInt64) -> Int32 {
  call {
    try AssociationObject.all.remove(association)
    LargeBlocks.shared.endRound()
  }
}

/// `latticecrf_association_write`.
@_cdecl("latticecrf_association_write")
public func writeAssociation(
  _ association: UInt64, _ factor: Double, _ output: UnsafeMutablePointer<Float>?,
  _ outputCount: Int64
) -> Int32 {
  call {
    let object = try AssociationObject.all.object(association)
    let target = try Arguments.pointer(output, "output")
    let size = object.points * object.channels
    try Arguments.count(outputCount, object.images.count, size, "the output")
    guard factor.magnitude <= Double(Arguments.largestEnergy) else {
      throw CallError.data(
        "the factor is \(factor), but must be finite and at most \(Arguments.largestEnergy) in "
          + "magnitude")
    }
    LargeBlocks.preferHugePages(
      for: UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(start: target, count: object.images.count * size)))
    object.parallelism.forEach(object.images.count) { image in
      object.images[image].writeSums(
        times: Float(factor), to: target + image * size, parallelism: object.parallelism)
    }
    try Cancellation.check()
  }
}

/// A `latticecrf_pairs`, checked but for the numbers of its images.
private struct AssociationArguments {
  let batch: Int
  let parallelism: Parallelism
  private let grid: GridShape
  private let channels: Int
  private let colors: UnsafePointer<Float>
  private let kernel: BilateralKernel
  private let backend: any FilterBackend
  /// The largest number of an image that stays a feature.
  private let largest: Float

  init(_ pairs: latticecrf_pairs, on grid: GridShape) throws {
    self.grid = grid
    batch = try Arguments.integer(
      pairs.batch, in: 1...Arguments.mostPoints / grid.count, "the number of images")
    channels = try Arguments.integer(
      pairs.channels, in: 1...ImageArguments.mostChannels, "the number of an image's channels")
    try checkFeatures(grid.count, dimensions: grid.rank + channels)
    colors = try Arguments.pointer(pairs.images, "images")
    try Arguments.count(pairs.image_count, batch * grid.count, channels, "the array of images")
    let dimensions = grid.rank + channels
    try Arguments.count(pairs.bandwidth_count, 1, dimensions, "the array of bandwidths")
    let sigmas = try Arguments.numbers(pairs.bandwidths, count: dimensions, "the bandwidths")
    kernel = BilateralKernel(
      spatialSigma: Bandwidths(Array(sigmas[..<grid.rank])),
      colorSigma: Bandwidths(Array(sigmas[grid.rank...])))
    largest = Arguments.largestFeature * min(1, sigmas[grid.rank...].min() ?? 1)
    backend = try TermArguments.backend(pairs.filter)
    parallelism = try Arguments.parallelism(threads: pairs.threads)
    try Arguments.memory(
      batch * grid.count, bytesEach: 16 * (dimensions + 1),
      "the filters of \(batch) images of \(grid.count) points")
  }

  func association(
    _ image: Int, values: UnsafePointer<Float>, channels: Int, mask: UnsafePointer<Float>?,
    parallelism: Parallelism
  ) throws -> Association {
    var filter = try backend.makeFilter(
      for: kernel.features(
        for: Scene(grid: grid, image: picture(image)), parallelism: parallelism),
      parallelism: parallelism)
    if let mask {
      let mask = UnsafeBufferPointer(start: mask, count: grid.count)
      try check(mask.baseAddress, 1, "the mask of image \(image)", parallelism)
      if mask.contains(where: { $0 != 1 }), !filter.scale(by: mask, parallelism: parallelism) {
        throw unsupported
      }
    }
    guard let factored = filter.factored else { throw unsupported }
    let association = Association(
      factored, planes: values, channels: channels, parallelism: parallelism)
    // What is not finite makes a sum that is not.
    if !association.sum.isFinite {
      try check(values, channels, "the value of image \(image)", parallelism)
    }
    return association
  }

  private var unsupported: CallError {
    CallError(
      LATTICECRF_UNSUPPORTED, "the filter '\(backend.name)' is no product of splat, blur and slice")
  }

  private func check(
    _ values: UnsafePointer<Float>?, _ channels: Int, _ name: String, _ parallelism: Parallelism
  ) throws {
    guard let values else { return }
    try ChannelLayout.channelsFirst.check(
      values, points: grid.count, channels: channels, magnitude: Arguments.largestEnergy, name,
      channelName: "channel", parallelism: parallelism)
  }

  private func picture(_ image: Int) throws -> Image {
    let planes = colors + image * channels * grid.count
    try ChannelLayout.channelsFirst.check(
      planes, points: grid.count, channels: channels, magnitude: largest, "image \(image)",
      channelName: "channel", parallelism: parallelism)
    let pixels = [Float](count: channels * grid.count) { pixels in
      for channel in 0..<channels {
        for point in 0..<grid.count {
          pixels[point * channels + channel] = planes[channel * grid.count + point]
        }
      }
    }
    return Image(unchecked: .floats(pixels), grid: grid, channels: channels)
  }
}
