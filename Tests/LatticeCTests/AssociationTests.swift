import LatticeCHeader
import Testing

/// Sums over all pairs of the points of a batch of images.
struct AssociationTests {
  private static let extents: [Int64] = [7, 9]
  private static let points = 63
  private static let channels = 3
  private static let batch = 2
  private static let sigmas: [Float] = [4, 3, 40, 40, 40]

  private static let images = (0..<batch * 3 * points).map { Float(37 * $0 % 91) }
  private static let values = (0..<batch * channels * points).map { Float($0 % 11) / 10 }
  private static let mask = (0..<batch * points).map { Float($0 % 5) / 4 }

  private struct Outcome {
    var status: latticecrf_status
    var sums: [Double]
    var number: latticecrf_association
  }

  private static func create(
    values: [Float] = values, mask: [Float]? = mask, images: [Float] = images,
    threads: Int32 = 2, count: Int64? = nil, adapt: (inout latticecrf_pairs) -> Void = { _ in }
  ) -> Outcome {
    var outcome = Outcome(status: 0, sums: [Double](repeating: .nan, count: batch), number: 0)
    images.withUnsafeBufferPointer { images in
      sigmas.withUnsafeBufferPointer { sigmas in
        (mask ?? []).withUnsafeBufferPointer { given in
          var pairs = latticecrf_pairs()
          pairs.size = UInt64(MemoryLayout<latticecrf_pairs>.size)
          pairs.images = images.baseAddress
          pairs.image_count = Int64(images.count)
          pairs.bandwidths = sigmas.baseAddress
          pairs.bandwidth_count = Int64(sigmas.count)
          pairs.batch = Int32(batch)
          pairs.channels = 3
          pairs.threads = threads
          adapt(&pairs)
          outcome.status = latticecrf_association_create(
            extents, 2, &pairs, values, count ?? Int64(values.count), Int32(channels),
            mask == nil ? nil : given.baseAddress, Int64(given.count), &outcome.sums, Int64(batch),
            &outcome.number)
        }
      }
    }
    return outcome
  }

  private static func write(_ number: latticecrf_association, _ factor: Double) -> [Float] {
    var output = [Float](repeating: .nan, count: values.count)
    let status = latticecrf_association_write(number, factor, &output, Int64(output.count))
    #expect(status == LATTICECRF_OK)
    return output
  }

  /// What the filter of one image's features makes of its values.
  private static func filtered(_ image: Int, masked: Bool) throws -> [Float] {
    var features = [Float](repeating: 0, count: 5 * points)
    for point in 0..<points {
      features[point] = Float(point % 9) / sigmas[0]
      features[points + point] = Float(point / 9) / sigmas[1]
      for channel in 0..<3 {
        features[(2 + channel) * points + point] =
          images[(image * 3 + channel) * points + point] / sigmas[2]
      }
    }
    var filter: latticecrf_filter = 0
    try #require(
      latticecrf_filter_create(features, Int64(features.count), 5, 0, 0, 1, &filter)
        == LATTICECRF_OK)
    defer { _ = latticecrf_filter_destroy(filter) }
    let given = own(image, masked: masked)
    var output = given
    try #require(
      latticecrf_filter_apply(
        filter, given, Int64(given.count), Int32(channels), 0, 0, &output, Int64(given.count))
        == LATTICECRF_OK)
    return output
  }

  /// m ∘ v of one image.
  private static func own(_ image: Int, masked: Bool) -> [Float] {
    (0..<channels * points).map { index in
      let factor = masked ? mask[image * points + index % points] : 1
      return factor * values[image * channels * points + index]
    }
  }

  @Test(
    "sums and what they are differentiated to are those of the filter", arguments: [false, true])
  func sums(masked: Bool) throws {
    let outcome = Self.create(mask: masked ? Self.mask : nil)
    try #require(outcome.status == LATTICECRF_OK, "\(String(cString: latticecrf_last_error()))")
    defer { _ = latticecrf_association_destroy(outcome.number) }
    let output = Self.write(outcome.number, -0.5)
    for image in 0..<Self.batch {
      let filtered = try Self.filtered(image, masked: masked)
      let own = Self.own(image, masked: masked)
      let sum = zip(own, filtered).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      // Sums of two hundred products in float32, in two orders.
      #expect(abs(outcome.sums[image] - sum) <= 1e-5 * sum)
      for index in filtered.indices {
        let factor = masked ? Self.mask[image * Self.points + index % Self.points] : 1
        let expected = -0.5 * factor * filtered[index]
        let found = output[image * filtered.count + index]
        #expect(abs(found - expected) <= 1e-5 * (1 + abs(expected)))
      }
    }
  }

  @Test("the number of threads changes no bit, and what is written is written again")
  func threads() throws {
    let outcomes = [1, 3].map { Self.create(threads: $0) }
    defer { for outcome in outcomes { _ = latticecrf_association_destroy(outcome.number) } }
    #expect(outcomes[0].sums == outcomes[1].sums)
    let outputs = outcomes.map { Self.write($0.number, 2) }
    #expect(outputs[0] == outputs[1])
    #expect(Self.write(outcomes[0].number, 2) == outputs[0])
  }

  @Test("wrong arguments are a status with a text")
  func wrong() {
    func expect(_ outcome: Outcome, _ expected: Int, _ text: String) {
      #expect(outcome.status == latticecrf_status(expected))
      let error = String(cString: latticecrf_last_error())
      #expect(error.contains(text), "\(error)")
    }
    let (argument, data) = (LATTICECRF_INVALID_ARGUMENT, LATTICECRF_INVALID_DATA)
    expect(Self.create(count: 7), argument, "7 elements")
    expect(Self.create(mask: [1]), argument, "the mask has 1")
    expect(Self.create { $0.bandwidth_count = 2 }, argument, "bandwidths has 2")
    expect(Self.create { $0.channels = 0 }, argument, "channels is 0")
    expect(Self.create { $0.batch = 0 }, argument, "images is 0")
    expect(Self.create { $0.images = nil }, argument, "images is null")
    expect(
      Self.create { $0.filter = latticecrf_filter_kind(LATTICECRF_FILTER_EXACT) },
      LATTICECRF_UNSUPPORTED, "exact")
    var values = Self.values
    values[Self.channels * Self.points + 70] = .nan
    expect(Self.create(values: values), data, "image 1 of channel 1 at point 7")
    var mask = Self.mask
    mask[3] = .infinity
    expect(Self.create(mask: mask), data, "mask of image 0")
    var images = Self.images
    images[5] = .nan
    expect(Self.create(images: images), data, "image 0 of channel 0 at point 5")
    #expect(latticecrf_association_destroy(0) == latticecrf_status(LATTICECRF_INVALID_HANDLE))
    let outcome = Self.create()
    defer { _ = latticecrf_association_destroy(outcome.number) }
    var output = Self.values
    #expect(
      latticecrf_association_write(outcome.number, .nan, &output, Int64(output.count))
        == latticecrf_status(data))
    #expect(
      latticecrf_association_write(outcome.number, 1, &output, 3) == latticecrf_status(argument))
  }
}
