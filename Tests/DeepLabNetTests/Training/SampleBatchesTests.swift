import DeepLabNet
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Batches of training images")
struct SampleBatchesTests {
  /// RGB minus a mean that is no colour of the images: 0 is padding only.
  private let preprocessing = Preprocessing(
    order: .rgb, divisor: 1, mean: [0.5, 0.5, 0.5], deviation: [1, 1, 1])

  private func batches(
    _ images: PaintedImages, batch: Int = 2, seed: UInt64 = 1,
    _ augmentation: SampleAugmentation, startingAt step: Int = 0, prefetch: Int = 2,
    memoryBudget: Int = 1 << 20
  ) throws -> SampleBatches {
    try SampleBatches(
      images, classes: PaintedImages.classes,
      drawing: SampleDrawing(batch: batch, seed: seed, augmentation: augmentation),
      preprocessing: preprocessing, startingAt: step, prefetch: prefetch,
      memoryBudget: memoryBudget)
  }

  private func usual() throws -> SampleAugmentation {
    try SampleAugmentation(
      scales: .range(0.5...1.5), crop: .init(height: 20, width: 28), mirrors: true)
  }

  @Test("a batch depends on the seed and the step alone, not on what came before or how it is made")
  func resumed() throws {
    let images = PaintedImages(count: 5)
    let whole = try batches(images, usual())
    let expected = try (0..<8).map { _ in try whole.next() }
    for step in [3, 7] {
      let resumed = try batches(
        images, usual(), startingAt: step, prefetch: 1, memoryBudget: 0)
      for step in step..<8 {
        let batch = try resumed.next()
        #expect(batch.images.values() == expected[step].images.values())
        #expect(batch.labels == expected[step].labels)
      }
    }
    let other = try batches(images, seed: 2, usual()).next()
    #expect(other.images.values() != expected[0].images.values())
  }

  @Test("without variations every image is seen once an epoch, as it is, in another order each")
  func epochs() throws {
    let images = PaintedImages(count: 9)
    let all = try (0..<images.count).map {
      try preprocessing.tensor(for: images.image($0)).values()
    }
    let plain = try batches(images, batch: 1, SampleAugmentation())
    let epochs = try (0..<3).map { _ in
      try (0..<images.count).map { _ in
        let batch = try plain.next()
        let index = try #require(all.firstIndex(of: batch.images.values()))
        #expect(try batch.labels == images.labels(index).labels)
        return index
      }
    }
    for epoch in epochs { #expect(epoch.sorted() == Array(0..<images.count)) }
    #expect(Set(epochs).count == 3)
  }

  @Test("crops hold the image's own colours beside its labels, whatever scale and mirror")
  func aligned() throws {
    let made = try batches(PaintedImages(count: 4), batch: 4, usual())
    var (plain, padded) = (0, 0)
    for _ in 0..<10 {
      let batch = try made.next()
      #expect(batch.images.shape == TensorShape(batch: 4, height: 20, width: 28, channels: 3))
      let values = batch.images.values()
      for (point, label) in batch.labels.enumerated() {
        let color = Array(values[3 * point..<3 * point + 3])
        if label == 255 {
          padded += 1
          #expect(color == [0, 0, 0])
          continue
        }
        // Between blocks colours are mixed; within a block they are its own.
        for other in 0..<UInt16(PaintedImages.classes)
        where color == PaintedImages.color(of: other).map({ Float($0) - 0.5 }) {
          plain += 1
          #expect(label == other)
        }
      }
    }
    // Most pixels lie within blocks, and half of the images are too small for the crop.
    #expect(plain > batch(share: 0.4, of: 10 * 4))
    #expect(padded > batch(share: 0.02, of: 10 * 4))
  }

  private func batch(share: Double, of crops: Int) -> Int { Int(share * Double(crops * 20 * 28)) }

  @Test("padding lies below and to the right, the mirrored image still at the left")
  func padding() throws {
    let made = try batches(
      PaintedImages(count: 2, width: 10, height: 6), batch: 2,
      SampleAugmentation(crop: .init(height: 8, width: 13), mirrors: true))
    for _ in 0..<4 {
      let labels = try made.next().labels
      for (point, label) in labels.enumerated() {
        let (row, column) = (point / 13 % 8, point % 13)
        #expect((label == 255) == (row >= 6 || column >= 10))
      }
    }
  }

  @Test("discrete scales are exactly those of the list")
  func discreteScales() throws {
    let made = try batches(
      PaintedImages(count: 3), batch: 1,
      SampleAugmentation(scales: .choices([0.5, 1, 1.25])))
    let widths = try Set((0..<30).map { _ in try made.next().images.shape.width })
    #expect(widths == [20, 40, 50])
  }

  @Test("images are resized between half-pixel centres, as the networks' own resizing")
  func bilinear() throws {
    let ramp = try OneImage(
      image: Image(width: 2, height: 1, rgb: [0, 0, 0, 100, 200, 40]), labels: [0, 1])
    let batches = try SampleBatches(
      ramp, classes: 2,
      drawing: SampleDrawing(
        batch: 1, seed: 1, augmentation: SampleAugmentation(scales: .choices([2]))),
      preprocessing: Preprocessing(
        order: .rgb, divisor: 1, mean: [0, 0, 0], deviation: [1, 1, 1]))
    let batch = try batches.next()
    let red = stride(from: 0, to: 12, by: 3).map { batch.images.values()[$0] }
    // PyTorch's interpolate(scale_factor=2, mode="bilinear", align_corners=False) of [0, 100].
    #expect(red == [0, 25, 75, 100])
    #expect(batch.labels == [0, 0, 1, 1, 0, 0, 1, 1])
  }

  @Test("a label outside of the classes, and labels of another size, are named when they come")
  func badLabels() throws {
    var images = PaintedImages(count: 2)
    images.strayLabels[1] = 7
    let stray = errorText {
      let made = try batches(images, usual())
      _ = try made.next()
    }
    #expect(
      stray
        == "labels 1.png: has the label 7 at row 0, column 0, but there are 3 classes: expected "
        + "0…2, or 255 for pixels that do not count; relabel those pixels (the label "
        + "mapping), or give the data set's whole list of classes")
    images.strayLabels = [:]
    images.cut = [0]
    let made = try batches(images, usual())
    let cut = errorText { _ = try made.next() }
    #expect(cut.hasPrefix("labels 0.png: labels 40×23 pixels, but the image has 40×24; "))
    // Whoever asks again is told again.
    #expect(errorText { _ = try made.next() } == cut)
  }

  @Test("whole images of different sizes cannot share a batch")
  func differentSizes() throws {
    var images = PaintedImages(count: 2)
    images.grids[1] = GridShape(width: 30, height: 24)
    let made = try batches(images, SampleAugmentation())
    #expect(errorText { _ = try made.next() }.contains("train on crops of one size"))
    let single = try batches(images, batch: 1, SampleAugmentation())
    #expect(try Set((0..<2).map { _ in try single.next().images.shape.width }) == [30, 40])
  }

  @Test("no images, and scales that are none, are refused")
  func nothing() throws {
    #expect(
      errorText { _ = try batches(PaintedImages(count: 0), usual()) }
        .contains("no images to learn from"))
    #expect(
      errorText { _ = try SampleAugmentation(scales: .choices([])) }.contains("at least one"))
    #expect(errorText { _ = try SampleAugmentation(scales: .range(0...1)) }.contains("0.0"))
  }
}

/// A single image.
private struct OneImage: LabelledImages {
  let image: Image
  let labels: LabelMap

  init(image: Image, labels: [UInt16]) throws {
    self.image = image
    self.labels = try LabelMap(grid: image.grid, labels: labels)
  }

  var count: Int { 1 }
  func name(_ index: Int) -> String { "one" }
  func labelsPlace(_ index: Int) -> String { "one" }
  func image(_ index: Int) -> Image { image }
  func labels(_ index: Int) -> LabelMap { labels }
}
