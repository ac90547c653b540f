import LatticeSupport
import Unaries

/// Makes the batch of any step, on the calling thread.
struct BatchMaker {
  private let drawing: SampleDrawing
  private let preprocessing: Preprocessing
  private let images: any LabelledImages
  /// The parts of images that are learnt from; `nil` for whole images.
  private let examples: BoxExamples?
  private let void: UInt16
  private var cache: SampleCache
  private var epoch: (number: Int, order: [Int])?

  init(
    _ images: any LabelledImages, examples: BoxExamples?, classes: Int, ignoring void: UInt16,
    drawing: SampleDrawing, preprocessing: Preprocessing, memoryBudget: Int
  ) {
    if let examples {
      precondition(
        examples.imageCount == images.count && examples.void == void,
        "examples of \(examples.imageCount) images without the label \(examples.void) cannot be "
          + "cut from \(images.count) images without \(void)")
    }
    self.images = images
    self.examples = examples
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
    for (row, number) in drawing.samples(of: step).enumerated() {
      let drawn = try draw(number)
      let crop = SampleCrop(
        drawing.view(ofSample: number, grid: drawn.part.grid), of: drawn.part,
        crop: drawing.augmentation.crop)
      let tensor =
        output
        ?? Tensor(
          uninitialized: TensorShape(
            batch: drawing.share.count, height: crop.height, width: crop.width, channels: 3))
      output = tensor
      let shape = tensor.shape
      guard crop.height == shape.height, crop.width == shape.width else {
        throw InputError(
          .data, at: images.name(drawn.image),
          "has \(crop.width)×\(crop.height) pixels, but others of its batch have "
            + "\(shape.width)×\(shape.height)",
          remedy: "train on crops of one size, or with a batch of 1 on whole images")
      }
      if labels.isEmpty { labels.reserveCapacity(shape.positions) }
      crop.write(
        drawn.sample.image, preprocessing: preprocessing,
        to: tensor.base + row * shape.height * shape.width * 3)
      let start = labels.count
      crop.append(drawn.sample.labels, void: void, to: &labels)
      if let examples, let example = drawn.example {
        examples.annotate(&labels, from: start, of: example)
      }
    }
    guard let output else { preconditionFailure("a batch has at least one image") }
    return TrainingBatch(
      images: output, labels: labels, firstImage: drawing.share.lowerBound)
  }

  /// What sample `number` of the run is made of.
  private mutating func draw(
    _ number: Int
  ) throws -> (image: Int, sample: LabelledImage, part: PixelBox, example: BoxExamples.Example?) {
    let index = index(ofSample: number)
    let example = examples?[index]
    let image = example?.image ?? index
    let sample = try cache.sample(image)
    let part = example?.box ?? PixelBox(sample.image.grid)
    guard part.lies(in: sample.image.grid) else {
      throw InputError(
        .data, at: images.name(image), "has become smaller since its objects were looked for",
        remedy: "restore it, and go on with the training")
    }
    return (image, sample, part, example)
  }

  /// Which example sample `number` of the run is, or which image where all of each is one.
  private mutating func index(ofSample number: Int) -> Int {
    let count = examples?.count ?? images.count
    let (number, place) = number.quotientAndRemainder(dividingBy: count)
    if let epoch, epoch.number == number { return epoch.order[place] }
    let order = drawing.order(ofEpoch: number, count: count)
    epoch = (number, order)
    return order[place]
  }
}
