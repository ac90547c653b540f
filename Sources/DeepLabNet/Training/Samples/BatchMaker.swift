import Support
import Unaries

/// Makes the batch of any step, on the calling thread.
struct BatchMaker {
  private let drawing: SampleDrawing
  private let preprocessing: Preprocessing
  private let images: any LabelledImages
  private let void: UInt16
  private var cache: SampleCache
  private var epoch: (number: Int, order: [Int])?

  init(
    _ images: any LabelledImages, classes: Int, ignoring void: UInt16, drawing: SampleDrawing,
    preprocessing: Preprocessing, memoryBudget: Int
  ) {
    self.images = images
    self.void = void
    self.drawing = drawing
    self.preprocessing = preprocessing
    cache = SampleCache(images, classes: classes, void: void, budget: memoryBudget)
  }

  /// - Throws: `InputError` as `LabelledImages.sample` does, and where whole images of different
  ///   sizes are to make one batch.
  mutating func batch(ofStep step: Int) throws -> TrainingBatch {
    var output: Tensor?
    var labels: [UInt16] = []
    for (place, number) in drawing.samples(of: step).enumerated() {
      let index = imageIndex(ofSample: number)
      let sample = try cache.sample(index)
      let grid = sample.image.grid
      let crop = SampleCrop(
        drawing.view(ofSample: number, grid: grid), of: grid, crop: drawing.augmentation.crop)
      let tensor =
        output
        ?? Tensor(
          uninitialized: TensorShape(
            batch: drawing.batch, height: crop.height, width: crop.width, channels: 3))
      output = tensor
      let shape = tensor.shape
      guard crop.height == shape.height, crop.width == shape.width else {
        throw InputError(
          .data, at: images.name(index),
          "has \(crop.width)×\(crop.height) pixels, but others of its batch have "
            + "\(shape.width)×\(shape.height)",
          remedy: "train on crops of one size, or with a batch of 1 on whole images")
      }
      if labels.isEmpty { labels.reserveCapacity(shape.positions) }
      crop.write(
        sample.image, preprocessing: preprocessing,
        to: tensor.base + place * shape.height * shape.width * 3)
      crop.append(sample.labels, void: void, to: &labels)
    }
    guard let output else { preconditionFailure("a batch has at least one image") }
    return TrainingBatch(images: output, labels: labels)
  }

  private mutating func imageIndex(ofSample number: Int) -> Int {
    let (number, place) = number.quotientAndRemainder(dividingBy: images.count)
    if let epoch, epoch.number == number { return epoch.order[place] }
    let order = drawing.order(ofEpoch: number, count: images.count)
    epoch = (number, order)
    return order[place]
  }
}
